import { expect } from 'chai';
import { huntStraysOnSocketIo } from '../../../support/socketio-strays.ts';
import { huntStrays } from '../../../support/stray-hunt.ts';

/** `npm run test:strays` sends a million. */
const MESSAGES = 20_000;

describe('a multiplexed message', function () {
  this.timeout(60_000);

  for (const seed of [1, 2]) {
    it(`reaches its own session alone, whatever opens, closes, moves, is kicked or stolen (seed ${seed})`, async () => {
      const { sent, arrived, strayed, strays, thefts, stolen, acts } = await huntStrays(seed, MESSAGES);
      expect(strays).to.deep.equal([]);
      expect(strayed).to.equal(0);
      expect(stolen).to.equal(0);
      expect(thefts).to.be.greaterThan(20);
      // What was on its way to a session that moved or closed is dropped, and nothing else.
      expect(arrived).to.be.within(sent * 0.97, sent);
      for (const act of ['open', 'close 1000', 'close 1001', 'come back', 'move', 'kick', 'cut', 'lie'])
        expect(acts[act], act).to.be.greaterThan(0);
    });
  }

  it('is seen by the same look where it strays: on Socket.IO, by ids that have leaked', async () => {
    const { arrived, strayed, strays } = await huntStraysOnSocketIo(1, 500);
    expect(arrived).to.be.greaterThan(0);
    expect(strayed).to.be.greaterThan(0);
    expect(strays[0]?.why).to.match(/^of client-/);
  });
});
