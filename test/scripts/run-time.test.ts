import { expect } from 'chai';
import { RunTime } from '../crash/run-time.ts';

/** Forever, for a test. */
const NEVER = new Promise<never>(() => {});

describe('the time of a run of blows', () => {
  it('is over for further blows while what was begun comes to its end', async () => {
    const time = new RunTime(0);
    expect(time.isOver).to.equal(true);
    const takenDown: string[] = [];
    const ended = await time.hold(
      async () => 'ended',
      async () => void takenDown.push('once'),
    );
    expect([ended, takenDown]).to.deep.equal(['ended', ['once']]);
    expect(new RunTime().isOver).to.equal(false);
  });

  it('ends a run that hangs, names what it did, and takes down also what it started meanwhile', async () => {
    const time = new RunTime(0, 0);
    const up = new Set(['a server']);
    const noticed = Promise.withResolvers<void>();
    const run = async (): Promise<void> => {
      time.doing('the second kill');
      await noticed.promise;
      up.add('another server');
      time.doing('the third kill');
      await NEVER;
    };
    const takeDown = async (): Promise<void> => {
      up.clear();
      noticed.resolve();
    };
    const outcome = await time.hold(run, takeDown).catch(String);
    expect(outcome).to.match(/^BrokenByCrash: .*after 0 s it was still at the second kill$/);
    expect([...up]).to.deep.equal([]);
    expect(() => time.doing('anything more')).to.throw(/still at the second kill/);
  });

  it('tells what broke a run, after taking down what it worked on', async () => {
    let isDown = false;
    const broken = new RunTime().hold(
      async () => {
        throw new Error('a broken promise');
      },
      async () => {
        isDown = true;
      },
    );
    expect(await broken.catch(String)).to.equal('Error: a broken promise');
    expect(isDown).to.equal(true);
  });
});
