import { expect } from 'chai';
import type { Handle } from '../../../../src/adapters/inbound/ws/mux/frame.ts';
import { MuxWorld } from '../../../support/mux-world.ts';
import type { ScriptedSocket } from '../../../support/scripted-socket.ts';

const NO_RATE = { tokens: 1_000_000, perMs: 1_000, burst: 1_000_000 };
const CONNECTIONS = 10;
const STEPS = 20_000;
/** Most sessions of a connection that are open at once. */
const SESSIONS = 20;

/** A session as its client knows it, with the mark that every payload of its own bears. */
interface Open {
  readonly on: ScriptedSocket;
  readonly at: Handle;
  readonly mark: string;
  readonly sessionId: string;
  readonly resumeToken: string;
}

/** Small, quick and the same for a seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a multiplexed message', function () {
  this.timeout(60_000);

  for (const seed of [1, 2]) {
    it(`reaches its own session alone, whatever opens, closes and moves meanwhile (seed ${seed})`, async () => {
      const random = numbersFrom(seed);
      const world = new MuxWorld({
        sessionRate: NO_RATE,
        connectionRate: NO_RATE,
        openRate: NO_RATE,
        maxConnectionsPerPrincipal: CONNECTIONS,
        maxSessionsPerConnection: 2 * SESSIONS,
      });
      const sockets = Array.from({ length: CONNECTIONS }, () => world.connect());
      let open: Open[] = [];
      /** Which mark payloads of a handle on a socket bear. */
      const marks = new Map<string, string>();
      let sent = 0;
      const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
      const remember = (on: ScriptedSocket, opened: Awaited<ReturnType<typeof world.open>>): void => {
        const { at, handle, sessionId, resumeToken } = opened;
        const mark = `${sockets.indexOf(on)} ${handle}`;
        marks.set(mark, mark);
        open.push({ on, at, mark, sessionId, resumeToken });
      };
      for (let step = 0; step < STEPS; step += 1) {
        const what = random();
        if (open.length < CONNECTIONS || (what < 0.01 && open.length < CONNECTIONS * SESSIONS)) {
          const on = pick(sockets);
          if (open.filter((session) => session.on === on).length < SESSIONS)
            remember(on, await world.open(on));
        } else if (what < 0.015) {
          const { on, at } = pick(open);
          open = open.filter((session) => session.on !== on || session.at !== at);
          on.send(at, 'CLOSE', { code: 1000, reason: '' });
        } else if (what < 0.02) {
          const moving = pick(open);
          open = open.filter((session) => session !== moving);
          const resume = { sessionId: moving.sessionId, token: moving.resumeToken, offset: 0 };
          const on = pick(sockets);
          remember(on, await world.open(on, { resume }));
        } else {
          const { on, at, mark } = pick(open);
          on.send(at, 'DATA', Buffer.from(mark));
          sent += 1;
          // A client that is wrong about a handle, or lies, reaches nobody.
          if (what > 0.99)
            pick(sockets).send({ high: (at.high ^ 1) >>> 0, low: at.low }, 'DATA', Buffer.from('lie'));
        }
      }
      await world.settle();
      let received = 0;
      for (const [place, socket] of sockets.entries()) {
        for (const { name, handle, bytes } of socket.received) {
          if (name !== 'DATA') continue;
          received += 1;
          const mark = `${place} ${handle}`;
          if (bytes.toString() !== mark || !marks.has(mark)) expect.fail(`a stray: ${bytes} on ${mark}`);
        }
      }
      expect(received).to.be.within(sent * 0.95, sent);
      expect(sockets.map(({ code }) => code)).to.deep.equal(sockets.map(() => undefined));
    });
  }
});
