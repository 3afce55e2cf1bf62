import { expect } from 'chai';
import {
  StreamingSession,
  type StreamingSessionState,
} from '../../src/domain/streaming/streaming-session.ts';
import { expectFault } from '../support/faults.ts';
import {
  aChat,
  activated,
  anIntent,
  aSeal,
  chatId,
  chunks,
  firstEvent,
  OPENED_AT_MS,
  open,
  runThrough,
  type StreamingStores,
  start,
} from '../support/stream-builders.ts';

/** Two nodes on one set of stores. */
export interface TwoNodes {
  /** The node that was paused and comes back, knowing what it knew before. */
  readonly late: StreamingStores;
  /** The node that has gone on meanwhile. */
  readonly other: StreamingStores;
  /** Everything that is stored, to be compared. */
  everything(): Promise<unknown>;
}

/** What every set of streaming stores answers a node that writes late: nothing is changed. */
export function describeLateStreamWrites(name: string, create: () => Promise<TwoNodes>): void {
  describe(`${name}, when a paused node writes late,`, () => {
    let nodes: TwoNodes;
    beforeEach(async () => {
      nodes = await create();
      for (const number of [1, 2]) await nodes.late.chats.add(aChat(number), undefined, 10);
    });

    async function changesNothing(write: () => Promise<unknown>, outcome: unknown): Promise<void> {
      const before = await nodes.everything();
      if (outcome === 'conflict') await expectFault(write(), 'conflict');
      else expect(await write()).to.deep.equal(outcome);
      expect(await nodes.everything()).to.deep.equal(before);
    }

    /** Ends a stream as the other node does that takes over. */
    async function takeOver(running: StreamingSessionState, lastOffset: number): Promise<void> {
      expect(await nodes.other.streams.seal(aSeal(running, lastOffset))).to.equal('sealed');
    }

    it('takes no event of a stream that was ended', async () => {
      const { late } = nodes;
      const running = await start(late, 1);
      await late.events.append(running.id, chunks(2, 'a'));
      await takeOver(running, 3);
      await changesNothing(() => late.events.append(running.id, chunks(3, 'b', 'c')), 'conflict');
    });

    it('ends nothing a second time', async () => {
      const running = await start(nodes.late, 1);
      await takeOver(running, 2);
      for (const offset of [2, 3]) {
        const seal = aSeal(running, offset, OPENED_AT_MS + 9_000);
        await changesNothing(() => nodes.late.streams.seal(seal), 'lost');
      }
    });

    it('wishes nothing of a stream that was ended', async () => {
      const running = await start(nodes.late, 1);
      await takeOver(running, 2);
      await changesNothing(() => nodes.late.streams.wishStop(running.id), false);
    });

    it('sets nothing running that was undone, and undoes nothing that runs or has ended', async () => {
      const { late, other } = nodes;
      const opening = activated(await open(late, 1));
      await other.streams.abandon(opening.id, { kind: 'abort', id: opening.id, tokens: 0 });
      await changesNothing(() => late.streams.activate(opening, firstEvent(opening)), false);
      const running = await start(late, 2);
      const intent = { kind: 'abort', id: running.id, tokens: 0 } as const;
      await changesNothing(() => late.streams.abandon(running.id, intent), undefined);
      await takeOver(running, running.firstOffset + 1);
      await changesNothing(() => late.streams.abandon(running.id, intent), undefined);
      await changesNothing(() => late.streams.activate(running, firstEvent(running)), false);
    });

    it('takes no receipt after another one, or of a state that is over', async () => {
      const { late, other } = nodes;
      const ended = await runThrough(late, 1);
      const receive = (text: string) => {
        const update = { text, bodySha256: `sha of ${text}` };
        const decision = StreamingSession.restore(ended).receive(update, 'Like this.', OPENED_AT_MS);
        if (decision.kind !== 'accepted') throw new Error('it takes its receipt');
        return decision.session.snapshot();
      };
      await other.streams.accept(receive('Like this.'), 'finished');
      await changesNothing(() => late.streams.accept(receive('Like '), 'finished'), false);
      await changesNothing(() => late.streams.accept(receive('Like '), 'stopped'), false);
    });

    it('brings no debt back that was acknowledged', async () => {
      const { late, other } = nodes;
      const running = await start(late, 1);
      await takeOver(running, 2);
      expect(await late.streams.pendingIntents(10)).to.deep.equal([anIntent(running.id)]);
      await other.streams.acknowledgeIntent(running.id);
      await changesNothing(() => late.streams.acknowledgeIntent(running.id), undefined);
      await changesNothing(() => late.streams.seal(aSeal(running, 3)), 'lost');
      expect(await late.chats.messages(chatId(1))).to.have.length(2);
    });
  });
}
