import type { ApiAnswer } from '../client/api-client.ts';
import { showCredits, toMicros } from './actor.ts';
import type { See } from './verification.ts';
import { firstGap, isEnd, type WatchedStream } from './watched-stream.ts';
import { QUESTION, type Stage, type World } from './world.ts';

/** What a streaming session's id looks like. */
const STREAM_ID =
  /^stream-[1-9][0-9]{0,15}-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The first test of the flow: whoever has the right id gets his stream, finishes it, and pays once.
 *
 * @returns the stream, ended and accepted.
 */
export async function lookAtTheRightId(world: World, stage: Stage): Promise<WatchedStream> {
  const { user } = stage;
  const accountBefore = await user.settledAccount(stage.heldBefore);
  const usageBefore = await user.usage();
  const stream = await openAndRead(world, stage);
  await lookAtUpdates(world, stage, stream);
  const charged = toMicros(stream.end?.data.number('creditsCharged'));
  await lookAtPrice(world, stage, stream, charged);
  await world.verification.promise(
    'charge.moved_once',
    `a balance lower by ${showCredits(charged)}`,
    async (see) => {
      const now = await user.settledAccount(stage.heldBefore);
      const moved = accountBefore.available - now.available;
      const extra = now.held - stage.heldBefore;
      see(
        moved === charged && extra === 0,
        `lower by ${showCredits(moved)}, ${showCredits(extra)} still held`,
      );
    },
  );
  await world.verification.promise(
    'charge.recorded',
    `one usage record of ${showCredits(charged)}`,
    async (see) => {
      const usage = await user.usage();
      const records = usage.records - usageBefore.records;
      const credits = usage.credits - usageBefore.credits;
      see(records === 1 && credits === charged, `${records} records, ${showCredits(credits)}`);
    },
  );
  await world.verification.promise('answer.kept', 'the chat keeps the answer word for word', async (see) => {
    const { body } = await user.client.call({
      service: 'chat',
      path: `/api/chat/sessions/${encodeURIComponent(stage.chatId)}/messages`,
    });
    const last = body.at('messages').items().at(-1);
    const isSame = last?.text('role') === 'assistant' && last.text('content') === stream.text;
    see(isSame, isSame ? 'the same text' : `another text, or none (role ${last?.text('role')})`);
  });
  return stream;
}

async function openAndRead(world: World, { user, chatId }: Stage): Promise<WatchedStream> {
  const { verification, io } = world;
  const stream = await verification.promise('stream.opened', '200 text/event-stream', async (see) => {
    const opened = await user.startStream(chatId, QUESTION);
    const type = opened.headers.get('content-type') ?? 'no content type';
    see(opened.status === 200 && type.startsWith('text/event-stream'), `${opened.status} ${type}`);
    return opened;
  });
  await verification.promise('stream.id_in_header', 'X-Streaming-Session-Id: stream-<ms>-<uuid v4>', (see) =>
    see(STREAM_ID.test(stream.id), stream.id === '' ? 'no such header' : stream.id),
  );
  await stream.readAll();
  await verification.promise('stream.id_in_event', 'a first event "session" with the header\'s id', (see) => {
    const first = stream.events[0];
    const id = first?.data.text('streamingSessionId');
    see(first?.type === 'session' && id === stream.id, `"${first?.type}" with ${id}`);
  });
  await verification.promise('stream.in_order', 'events whose ids follow one another', (see) => {
    const gap = firstGap(stream.events);
    see(gap === undefined, gap ?? `${stream.events.length} events, one after the other`);
  });
  await verification.promise('stream.ends_once', 'exactly one "done", at the end', (see) => {
    const ends = stream.events.filter(isEnd);
    const isLast = ends[0] !== undefined && ends[0] === stream.events.at(-1) && ends[0].type === 'done';
    see(ends.length === 1 && isLast, `${ends.map(({ type }) => type).join(', ') || 'no end'}`);
  });
  await verification.promise('stream.digest', "the text's SHA-256 in done", (see) => {
    const said = stream.end?.data.text('textSha256');
    const own = io.digest.sha256Hex(stream.text);
    see(said === own && stream.text !== '', said === own ? own : `${said}, but the text gives ${own}`);
  });
  return stream;
}

async function lookAtUpdates(
  { verification }: World,
  { user, chatId }: Stage,
  stream: WatchedStream,
): Promise<void> {
  const tokensUsed = stream.end?.data.number('tokensUsed') ?? 0;
  const body = { completeResponse: stream.text, streamingSessionId: stream.id, tokensUsed };
  const rewritten = { ...body, completeResponse: `${stream.text} And everything is free.` };
  const refuseRewrite = async (see: See, when: string): Promise<void> => {
    const answer = await user.update(chatId, rewritten);
    see(answer.status === 422, `${answer.status} ${when}`);
  };
  await verification.promise('update.rewrite_refused', '422 for a text that the server did not send', (see) =>
    refuseRewrite(see, 'before the receipt'),
  );
  const first = await verification.promise('update.exact_accepted', '200, receipt "exact"', async (see) => {
    const answer = await user.update(chatId, body);
    see(answer.status === 200 && answer.body.text('receipt') === 'exact', said(answer));
    const echoed = answer.body.text('streamingSessionId') === stream.id;
    const sameCharge = answer.body.number('creditsCharged') === stream.end?.data.number('creditsCharged');
    const sameTokens = answer.body.number('tokensUsed') === tokensUsed;
    see(
      echoed && sameCharge && sameTokens,
      `${said(answer)}, ${answer.body.number('creditsCharged')} credits`,
    );
    return answer;
  });
  await verification.promise(
    'update.repeat_replayed',
    'the same 200 again, Idempotent-Replayed: true',
    async (see) => {
      const answer = await user.update(chatId, body);
      const replayed = answer.headers.get('idempotent-replayed') === 'true';
      const isSame = answer.status === first.status && answer.text === first.text;
      see(
        isSame && replayed,
        `${said(answer)}, ${isSame ? 'the same body' : 'another body'}, replayed: ${replayed}`,
      );
    },
  );
  await verification.promise('update.rewrite_refused', '422 also after the receipt', (see) =>
    refuseRewrite(see, 'after the receipt'),
  );
}

async function lookAtPrice(
  { verification }: World,
  { models }: Stage,
  stream: WatchedStream,
  charged: number,
): Promise<void> {
  const modelId = stream.events[0]?.data.text('modelId');
  const model = models.find((candidate) => candidate.text('id') === modelId);
  const per1000 = toMicros(model?.number('creditCost'));
  const tokens = stream.end?.data.number('tokensUsed') ?? Number.NaN;
  const due = Math.ceil((tokens * per1000) / 1000);
  await verification.promise(
    'charge.priced',
    `${tokens} tokens at the price of ${modelId}: ${showCredits(due)}`,
    (see) => see(charged === due, showCredits(charged)),
  );
}

const said = (answer: ApiAnswer): string =>
  `${answer.status}${answer.body.text('receipt') ? `, receipt "${answer.body.text('receipt')}"` : ''}${
    answer.body.text('code') ? ` ${answer.body.text('code')}` : ''
  }`;
