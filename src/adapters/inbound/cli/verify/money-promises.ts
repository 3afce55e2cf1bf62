import { Refused } from '../client/failures.ts';
import { showCredits, toMicros } from './actor.ts';
import type { WatchedStream } from './watched-stream.ts';
import { QUESTION, type Stage, type World } from './world.ts';

/** Chunks that are read before the stream is stopped: there is something to bill. */
const CHUNKS_BEFORE = 3;

/** Wait for the end of a stream that may have ended before the next one began, in milliseconds. */
const END_WAIT_MS = 5_000;

/** A stop bills what was produced, once; a start that is sent twice with one key starts once; a chat has one stream. */
export async function lookAtStopAndStart(world: World, stage: Stage): Promise<void> {
  const { verification, io } = world;
  const { user, chatId, heldBefore } = stage;
  const before = await user.settledAccount(heldBefore);
  const key = io.ids.uuid();
  const stream = await user.startStream(chatId, QUESTION, key);
  await stream.readChunks(CHUNKS_BEFORE);
  const chargedBeside = await lookAtTheSlot(world, stage, stream);
  await verification.promise(
    'start.replayed_once',
    'the same stream for the same Idempotency-Key',
    async (see) => {
      const again = await user.startStream(chatId, QUESTION, key);
      const replayed = again.headers.get('idempotent-replayed') === 'true';
      await again.cut();
      see(
        again.id === stream.id && replayed,
        `${again.id === stream.id ? 'the same' : 'another'} stream, replayed: ${replayed}`,
      );
    },
  );
  await user.stop(chatId, stream.id);
  await stream.readAll();
  const charged = chargedBeside + toMicros(stream.end?.data.number('creditsCharged'));
  const expected = `a balance lower by ${showCredits(charged)}, the rest of the hold given back`;
  await verification.promise('stop.billed_once', expected, async (see) => {
    const now = await user.settledAccount(heldBefore);
    const moved = before.available - now.available;
    const extra = now.held - heldBefore;
    see(moved === charged && extra === 0, `lower by ${showCredits(moved)}, ${showCredits(extra)} still held`);
  });
}

/**
 * A second start is refused while the first stream runs. A model may be so fast that the first has ended before; then
 * the second stream is as it should be.
 *
 * @returns what such a second stream was charged, in micro-credits.
 */
async function lookAtTheSlot(
  { verification, io }: World,
  { user, chatId }: Stage,
  stream: WatchedStream,
): Promise<number> {
  const expected = '409 stream.already_active for a second start';
  return verification.promise('slot.one_per_chat', expected, async (see) => {
    try {
      const second = await user.startStream(chatId, QUESTION);
      await second.readChunks(1);
      await Promise.race([stream.readAll(), io.timers.sleep(END_WAIT_MS)]);
      const isAfter = stream.end !== undefined && (second.events[0]?.offset ?? 0) > stream.lastOffset;
      await user.stop(chatId, second.id);
      see(
        isAfter,
        isAfter ? 'a second stream after the first had ended' : 'a second stream beside the first',
      );
      await second.readAll();
      return toMicros(second.end?.data.number('creditsCharged'));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      see(error.status === 409 && error.code === 'stream.already_active', `${error.status} ${error.code}`);
      return 0;
    }
  });
}
