import type { Json } from '../client/json.ts';
import { firstGap, textOf, type WatchedStream } from './watched-stream.ts';
import { QUESTION, type Stage, type World } from './world.ts';

/** Chunks before the connection is cut, and again before the stream is stopped. */
const CHUNKS_BEFORE_CUT = 3;
const CHUNKS_AFTER_CUT = 6;

/** A connection that was cut is resumed where it broke: nothing is lost, nothing comes twice. */
export async function lookAtResume(world: World, stage: Stage): Promise<void> {
  const { user, chatId } = stage;
  const { verification, io } = world;
  const first = await user.startStream(chatId, QUESTION);
  await first.readChunks(CHUNKS_BEFORE_CUT);
  await first.cut();
  const rest = await user.followStream(chatId, first.lastOffset);
  await rest.readChunks(CHUNKS_AFTER_CUT);
  await user.stop(chatId, first.id);
  await rest.readAll();
  await verification.promise('resume.complete', 'each event after the cut once, under the same id', (see) => {
    const gap = firstGap([...first.events, ...rest.events]);
    see(rest.id === first.id, `the stream ${rest.id} after ${first.id}`);
    see(gap === undefined, gap ?? 'no gap');
    const text = first.text + rest.events.map(textOf).join('');
    const isTrue = rest.end?.data.text('textSha256') === io.digest.sha256Hex(text);
    see(
      isTrue,
      isTrue ? `${rest.events.length} events, the digest fits` : 'a text that its digest does not fit',
    );
  });
  await verification.promise(
    'resume.whole_again',
    'the whole stream again without Last-Event-ID',
    async (see) => {
      const again = await user.followStream(chatId);
      await again.readAll();
      const told = [...first.events, ...rest.events].map(facts).join('\n');
      see(again.events.map(facts).join('\n') === told, `${again.events.length} events`);
    },
  );
  await verification.promise('resume.ends', '204 after the end has been delivered', async (see) => {
    const after = await user.followStream(chatId, rest.lastOffset);
    await after.readAll();
    see(after.status === 204, `${after.status}`);
  });
  await receipt(stage, first, rest);
}

/** The client's receipt, so that the stream is not left open. */
async function receipt({ user, chatId }: Stage, first: WatchedStream, rest: WatchedStream): Promise<void> {
  await user.update(chatId, {
    completeResponse: first.text + rest.text,
    streamingSessionId: first.id,
    tokensUsed: rest.end?.data.number('tokensUsed') ?? 0,
  });
}

const facts = (event: { offset: number | undefined; type: string; data: Json }): string =>
  `${event.offset} ${event.type} ${JSON.stringify(event.data.value)}`;
