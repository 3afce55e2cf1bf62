import { expect } from 'chai';
import { FairSlots } from '../../../src/application/control/fair-slots.ts';

const NEVER = new AbortController().signal;

/** Work that lasts until it is told to end, in the order in which it began. */
class Works {
  readonly began: string[] = [];
  readonly #ends = new Map<string, () => void>();

  work(name: string): () => Promise<string> {
    return () => {
      this.began.push(name);
      return new Promise((resolve) => this.#ends.set(name, () => resolve(name)));
    };
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('slots that owners share', () => {
  it('let an owner who is alone have half of them, and give each newcomer one while any is free', async () => {
    const [slots, works] = [new FairSlots(8), new Works()];
    for (let i = 0; i < 20; i += 1) void slots.run('greedy', works.work(`greedy-${i}`), NEVER);
    await turn();
    expect(works.began).to.have.length(4);
    for (const owner of ['a', 'b', 'c', 'd']) void slots.run(owner, works.work(owner), NEVER);
    await turn();
    expect(works.began.slice(4)).to.deep.equal(['a', 'b', 'c', 'd']);
    expect({ waiting: slots.waiting, running: slots.running }).to.deep.equal({ waiting: 16, running: 8 });
  });

  it('give what becomes free to whoever has the least under way', async () => {
    const [slots, works] = [new FairSlots(4), new Works()];
    for (let i = 0; i < 4; i += 1) void slots.run('greedy', works.work(`greedy-${i}`), NEVER);
    for (const owner of ['a', 'b', 'late']) void slots.run(owner, works.work(owner), NEVER);
    await turn();
    expect(works.began).to.deep.equal(['greedy-0', 'greedy-1', 'a', 'b']);
    await works.end('greedy-0');
    expect(works.began.at(-1)).to.equal('late');
  });

  it('give equals their turns one after the other', async () => {
    const [slots, works] = [new FairSlots(1), new Works()];
    for (const name of ['a-0', 'a-1', 'a-2', 'b-0', 'b-1']) {
      void slots.run(name.slice(0, 1), works.work(name), NEVER);
    }
    for (const name of ['a-0', 'a-1', 'b-0', 'a-2', 'b-1']) {
      await turn();
      expect(works.began.at(-1)).to.equal(name);
      await works.end(name);
    }
    expect({ waiting: slots.waiting, running: slots.running }).to.deep.equal({ waiting: 0, running: 0 });
  });

  it('are given back by work that fails, whose failure is told', async () => {
    const slots = new FairSlots(1);
    const failing = slots.run('a', () => Promise.reject(new Error('broken')), NEVER);
    expect(await failing.catch((error: Error) => error.message)).to.equal('broken');
    expect(await slots.run('b', async () => 'done', NEVER)).to.equal('done');
  });

  it('let go whoever gives up before his turn', async () => {
    const [slots, works] = [new FairSlots(1), new Works()];
    void slots.run('a', works.work('a'), NEVER);
    const abort = new AbortController();
    const waits = slots.run('b', works.work('b'), abort.signal);
    abort.abort(new Error('too late'));
    expect(await waits.catch((error: Error) => error.message)).to.equal('too late');
    expect(slots.waiting).to.equal(0);
    await works.end('a');
    expect(works.began).to.deep.equal(['a']);
  });
});
