import { expect } from 'chai';
import { RunOrder } from '../../../src/adapters/inbound/control/run-order.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the order of what belongs to one run', () => {
  let order: RunOrder<string>;
  let left: string[];
  beforeEach(() => {
    order = new RunOrder();
    left = [];
  });

  /** Something of a run that is ready when the test says so. */
  const coming = (run: string, name: string): (() => void) => {
    let ready: (name: string) => void = () => undefined;
    const promise = new Promise<string>((resolve) => {
      ready = resolve;
    });
    order.inTurn(run, promise, (what) => left.push(what));
    return () => ready(name);
  };

  it('is that in which it came, whenever each is ready', async () => {
    const [first, second, third] = ['1', '2', '3'].map((name) => coming('run', name));
    third?.();
    second?.();
    await turn();
    expect(left).to.deep.equal([]);
    first?.();
    await turn();
    expect(left).to.deep.equal(['1', '2', '3']);
  });

  it('does not let runs wait for each other', async () => {
    coming('slow', 'slow');
    coming('quick', 'quick')();
    await turn();
    expect(left).to.deep.equal(['quick']);
  });

  it('is forgotten once the last of a run has left, and begins anew', async () => {
    const [first, second] = [coming('run', '1'), coming('run', '2')];
    first();
    await turn();
    expect(order.size).to.equal(1);
    second();
    await turn();
    expect(order.size).to.equal(0);
    coming('run', '3')();
    await turn();
    expect(left).to.deep.equal(['1', '2', '3']);
  });
});
