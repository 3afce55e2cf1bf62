import { expect } from 'chai';
import { ChatFollower } from '../../../../src/adapters/inbound/ws/mux/kinds/chat-follower.ts';
import type { SessionOut } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type { StreamReader } from '../../../../src/application/streaming/engine/stream-reader.ts';
import type { Followed } from '../../../../src/application/streaming/follow-stream.ts';
import { DomainError } from '../../../../src/domain/domain-error.ts';
import { chunkEvent } from '../../../../src/domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../src/domain/streaming/stream-id.ts';
import { ManualTimers } from '../../../support/manual-timers.ts';

/** A reader that has these offsets and ends. */
const readerOf = (...offsets: readonly number[]): StreamReader => readerThat({ isLive: true }, ...offsets);
const readerThat = (
  { isLive }: { readonly isLive: boolean },
  ...offsets: readonly number[]
): StreamReader => {
  const steps = offsets.map((offset) => ({ done: false, value: [chunkEvent(offset, 'x', 1)] }));
  return {
    id: 'stream-1' as StreamId,
    next: async () => steps.shift() ?? { done: true, value: undefined },
    close: () => undefined,
    isLive,
  } as unknown as StreamReader;
};
const following = (events: StreamReader): Followed => ({ kind: 'following', id: events.id, events });

describe('what follows a chat', () => {
  let sent: number[];
  let ends: number[];
  let full: Promise<void> | undefined;
  let looks: number[];
  let charged: number[];
  let timers: ManualTimers;

  beforeEach(() => {
    [sent, ends, looks, charged, full] = [[], [], [], [], undefined];
    timers = new ManualTimers();
  });

  const follow = (events: StreamReader, answers: ReadonlyArray<() => Followed>): ChatFollower => {
    const rest = [...answers];
    const replayed = (bytes: number) => {
      charged.push(bytes);
      return undefined;
    };
    const out: SessionOut = {
      data: () => undefined,
      event: (offset) => {
        sent.push(offset);
        return full;
      },
      refuse: () => undefined,
      confirmed: async () => false,
      end: (code) => ends.push(code),
    };
    const follower = new ChatFollower({ out, replayed }, timers, async (cursor) => {
      looks.push(cursor);
      return rest.shift()?.() ?? { kind: 'nothing', lastOffset: 0 };
    });
    follower.follow({ events, after: 0 });
    return follower;
  };

  it('goes on with another reader from where one was let go, and sends nothing twice', async () => {
    follow(readerOf(1, 2), [() => following(readerOf(2, 3)), () => following(readerOf(4))]);
    await timers.advance(1_000);
    expect([sent, looks, ends]).to.deep.equal([[1, 2, 3, 4], [2, 3, 4], []]);
  });

  it('charges what comes from the log, and nothing that comes as it is made', async () => {
    follow(readerThat({ isLive: false }, 1, 2), [() => following(readerOf(3))]);
    await timers.advance(1_000);
    const { json } = chunkEvent(1, 'x', 1);
    const bytes = `{"event":"chunk","data":${json}}`.length;
    expect([sent, charged]).to.deep.equal([
      [1, 2, 3],
      [bytes, bytes],
    ]);
  });

  it('reads no further while the client is full', async () => {
    const room = Promise.withResolvers<void>();
    full = room.promise;
    follow(readerOf(1, 2, 3), []);
    await timers.advance(1_000);
    expect(sent).to.deep.equal([1]);
    full = undefined;
    room.resolve();
    await timers.advance(1_000);
    expect(sent).to.deep.equal([1, 2, 3]);
  });

  it('looks again while the store is away, and gives up in the end so that the client comes back', async () => {
    const away = (): never => {
      throw new PortError('unavailable', 'store', 'away');
    };
    follow(readerOf(1), [away, away, () => following(readerOf(2))]);
    await timers.advance(10_000);
    expect([sent, ends]).to.deep.equal([[1, 2], []]);
    follow(readerOf(3), Array(20).fill(away));
    await timers.advance(60_000);
    expect(ends).to.deep.equal([1011]);
  });

  it('ends with a chat that is gone', async () => {
    follow(readerOf(1), [
      () => {
        throw new DomainError('chat.not_found', 'gone');
      },
    ]);
    await timers.advance(1_000);
    expect(ends).to.deep.equal([4503]);
  });

  it('leaves what it followed for what it is told to follow, and all when it is closed', async () => {
    const room = Promise.withResolvers<void>();
    full = room.promise;
    const follower = follow(readerOf(1, 2), []);
    await timers.advance(0);
    follower.follow({ events: readerOf(7, 8), after: 6 });
    await timers.advance(0);
    follower.close();
    room.resolve();
    await timers.advance(1_000);
    expect([sent, looks]).to.deep.equal([[1, 7], []]);
  });

  it('lets go at once of what it is told to follow after it was closed, so that nobody is taken for a reader', async () => {
    let isOpen = true;
    const late = readerOf(9);
    late.close = () => {
      isOpen = false;
    };
    const follower = follow(readerOf(1), []);
    follower.close();
    follower.follow({ events: late, after: 8 });
    await timers.advance(1_000);
    expect([isOpen, sent, follower.streamId]).to.deep.equal([false, [], undefined]);
  });
});
