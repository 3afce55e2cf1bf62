import { expect } from 'chai';
import type { StreamRepository } from '../../../src/application/ports/streaming/stream-repository.ts';
import { NamedStreams } from '../../../src/application/streaming/named-streams.ts';
import {
  MAX_WAITING_LOOKS,
  SECOND_LOOK_MS,
  SecondLooks,
} from '../../../src/application/streaming/second-looks.ts';
import type { UserId } from '../../../src/domain/identity/ids.ts';
import { ANNA, BERT, chatId, numberedStream } from '../../support/stream-builders.ts';
import { StreamingWorld } from '../../support/streaming-world.ts';

describe('an id that is not found at first', () => {
  let world: StreamingWorld;
  let named: NamedStreams;
  let id: string;
  let looks: number;
  /** Looks of which nothing is found, as where a write has not arrived. */
  let lateness: number;
  beforeEach(async () => {
    world = await StreamingWorld.create();
    ({ id } = await world.finish(1, 'a'));
    looks = 0;
    lateness = 0;
    const findOwned: StreamRepository['findOwned'] = async (...given) => {
      looks += 1;
      return looks > lateness ? world.streams.findOwned(...given) : undefined;
    };
    const streams = new Proxy(world.streams, {
      get: (target, name) => (name === 'findOwned' ? findOwned : target[name as keyof typeof target]),
    });
    const secondLooks = new SecondLooks({ timers: world.timers, atMost: MAX_WAITING_LOOKS });
    named = new NamedStreams({ ...world, streams, secondLooks, audit: world.trail });
  });

  /** What becomes of a claim: its session's id or its refusal, and how long that took, in milliseconds. */
  function find(claimedId: unknown, owner: UserId = ANNA): { outcome?: string; tookMs?: number } {
    const result: { outcome?: string; tookMs?: number } = {};
    const sinceMs = world.clock.nowMs();
    const tell = (outcome: string): void => {
      Object.assign(result, { outcome, tookMs: world.clock.nowMs() - sinceMs });
    };
    named.find({ owner, chatId: chatId(1), claimedId, requestId: 'r' }).then(
      (session) => tell(session.id),
      (error) => tell(error.code),
    );
    return result;
  }

  it('is found once it has arrived', async () => {
    lateness = 3;
    const late = find(id);
    await world.timers.advance(SECOND_LOOK_MS);
    expect(late).to.deep.equal({ outcome: id, tookMs: 150 });
    expect(world.metrics.of('holdfast_stream_ids_refused_total')).to.deep.equal([]);
  });

  it('is refused after the same time, whatever is wrong with it, and told once', async () => {
    for (const [claimedId, owner] of [
      [numberedStream(9), ANNA],
      [id, BERT],
    ] as const) {
      const refused = find(claimedId, owner);
      await world.timers.advance(SECOND_LOOK_MS * 2);
      expect(refused).to.deep.equal({ outcome: 'stream.id_mismatch', tookMs: SECOND_LOOK_MS });
    }
    const older = find(id);
    await world.timers.advance(0);
    expect(older.outcome).to.equal(id);
    await world.finish(1, 'b');
    const refused = find(id);
    await world.timers.advance(SECOND_LOOK_MS * 2);
    expect(refused).to.deep.equal({ outcome: 'stream.id_mismatch', tookMs: SECOND_LOOK_MS });
    expect(world.metrics.of('holdfast_stream_ids_refused_total')).to.have.length(3);
  });

  it('is refused at once when it has not the form of one', async () => {
    const refused = find('stream-1');
    await world.timers.advance(0);
    expect(refused).to.deep.equal({ outcome: 'stream.id_mismatch', tookMs: 0 });
  });

  it('is waited for once at a time by each caller', async () => {
    const [first, second, other] = [find(numberedStream(9)), find(numberedStream(8)), find(id, BERT)];
    await world.timers.advance(0);
    expect(second).to.deep.equal({ outcome: 'stream.id_mismatch', tookMs: 0 });
    expect([first.outcome, other.outcome]).to.deep.equal([undefined, undefined]);
    await world.timers.advance(SECOND_LOOK_MS);
    const third = find(numberedStream(9));
    await world.timers.advance(SECOND_LOOK_MS);
    expect([first, other, third].map(({ tookMs }) => tookMs)).to.deep.equal(Array(3).fill(SECOND_LOOK_MS));
  });

  it('is waited for by so many callers of a node, and not by one more', async () => {
    const callers = Array.from({ length: MAX_WAITING_LOOKS }, (_, number) => `u_${number}` as UserId);
    const waiting = callers.map((caller) => find(numberedStream(9), caller));
    await world.timers.advance(0);
    const beyond = find(numberedStream(9));
    await world.timers.advance(0);
    expect(beyond).to.deep.equal({ outcome: 'stream.id_mismatch', tookMs: 0 });
    await world.timers.advance(SECOND_LOOK_MS);
    expect(waiting.every(({ tookMs }) => tookMs === SECOND_LOOK_MS)).to.equal(true);
  });
});
