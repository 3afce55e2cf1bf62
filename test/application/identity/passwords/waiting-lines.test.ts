import { expect } from 'chai';
import { WaitingLines } from '../../../../src/application/identity/passwords/waiting-lines.ts';

const full = (): Error => new Error('full');

describe('waiting lines', () => {
  const work = () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    return { promise, resolve, reject };
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('let a key in by its places and the others in order, each when one leaves', async () => {
    const lines = new WaitingLines(2);
    const jobs = Array.from({ length: 4 }, work);
    const begun: number[] = [];
    const done = jobs.map((job, number) =>
      lines.through(
        'a',
        () => {
          begun.push(number);
          return job.promise;
        },
        full,
      ),
    );
    await turn();
    expect(begun).to.deep.equal([0, 1]);
    jobs[1]?.resolve('one');
    await turn();
    expect(begun).to.deep.equal([0, 1, 2]);
    jobs[0]?.reject(new Error('failed'));
    await done[0]?.catch(() => undefined);
    await turn();
    expect(begun).to.deep.equal([0, 1, 2, 3]);
    for (const job of jobs.slice(2)) job.resolve('rest');
    expect(await Promise.all(done.slice(1))).to.deep.equal(['one', 'rest', 'rest']);
  });

  it('hold one key up for no other', async () => {
    const lines = new WaitingLines(1, 0);
    const slow = work();
    const held = lines.through('a', () => slow.promise, full);
    expect(await lines.through('b', async () => 'at once', full)).to.equal('at once');
    slow.resolve('at last');
    expect(await held).to.equal('at last');
  });

  it('turn away whoever finds too many waiting, and nobody after they have gone', async () => {
    const lines = new WaitingLines(1, 1);
    const first = work();
    const inside = lines.through('a', () => first.promise, full);
    const waiting = lines.through('a', async () => 'second', full);
    await turn();
    const refused: unknown = await lines.through('a', async () => '', full).catch((error: unknown) => error);
    expect(refused).to.include({ message: 'full' });
    first.resolve('first');
    expect(await Promise.all([inside, waiting])).to.deep.equal(['first', 'second']);
    expect(await lines.through('a', async () => 'third', full)).to.equal('third');
  });
});
