import { createHash, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Asked, problem, type Told } from './asked.ts';
import {
  CHUNKS,
  HOLD_MICROS,
  type MemoryChat,
  type MemoryEvent,
  type MemoryStream,
  MICROS_PER_TOKEN,
  PROMPT_TOKENS,
  textOf,
} from './memory-state.ts';

/** Chunks after which every stream but a chat's first waits to be stopped. */
const CHUNKS_UNTIL_STOP = 12;

/** Starts a stream. */
export function start(asked: Asked, chat: MemoryChat): Told | undefined {
  const { user, lies, request, response } = asked;
  const key = request.headers['idempotency-key'] as string | undefined;
  const known = key === undefined ? undefined : chat.streams.find((stream) => stream.key === key);
  if (known !== undefined && !lies('starts again for a repeated key')) {
    send(asked, response, known, known.events, { 'idempotent-replayed': 'true' });
    return undefined;
  }
  const isTaken = chat.streams.some((stream) => stream.state === 'running');
  const mayDouble = lies('lets a second stream run') || known !== undefined;
  if (isTaken && !mayDouble) {
    return problem(409, 'stream.already_active', 'A stream of this chat is running');
  }
  if (user.available < HOLD_MICROS && !lies('streams without credit')) {
    if (lies('calls the model in spite of 402')) chat.messages.push({ role: 'assistant', content: 'free' });
    return problem(402, 'credit.insufficient', 'Insufficient credits for streaming session');
  }
  send(asked, response, run(asked, chat, key), undefined, {});
  return undefined;
}

/** Makes a stream and lets the model speak. */
function run(asked: Asked, chat: MemoryChat, key: string | undefined): MemoryStream {
  const { user, lies, body } = asked;
  const id = lies('sends an ill-formed id') ? 'stream-1' : `stream-${1_700_000_000_000}-${randomUUID()}`;
  const runsThrough = asked.state.isFast || chat.streams.length === 0;
  const stream: MemoryStream = {
    id,
    key,
    owner: user,
    events: [],
    readers: new Set(),
    state: 'running',
    tokens: PROMPT_TOKENS,
    charge: 0,
  };
  user.available -= HOLD_MICROS;
  user.held += HOLD_MICROS;
  chat.streams.push(stream);
  chat.messages.push({ role: 'user', content: String(body.message) });
  const streamingSessionId = lies('sends another id in the session event') ? `stream-1-${randomUUID()}` : id;
  append(chat, stream, 'session', { streamingSessionId, chatSessionId: chat.id, modelId: 'memory' });
  if (lies('skips an offset')) chat.nextOffset += 1;
  for (const text of runsThrough ? CHUNKS : CHUNKS.slice(0, CHUNKS_UNTIL_STOP)) {
    append(chat, stream, 'chunk', { text });
    stream.tokens += 1;
  }
  if (runsThrough) end(asked, chat, stream, 'finished');
  return stream;
}

/** Ends a stream, settles it and tells its readers. */
export function end(
  { lies }: Asked,
  chat: MemoryChat,
  stream: MemoryStream,
  state: MemoryStream['state'],
): void {
  const { owner } = stream;
  const isStop = state === 'stopped';
  stream.state = state;
  const due = stream.tokens * MICROS_PER_TOKEN;
  stream.charge = lies('charges more than its price') ? due + 1 : due;
  let settled = stream.charge;
  if (lies('bills twice') || (isStop && lies('bills a stopped stream twice'))) settled *= 2;
  if (lies('settles another amount than it tells')) settled -= 1;
  const keepsHold = lies('keeps the rest of the hold') || (isStop && lies('gives nothing back at a stop'));
  owner.held -= keepsHold ? 0 : HOLD_MICROS;
  owner.available += HOLD_MICROS - settled;
  if (!lies('records no usage')) {
    owner.usedMicros += stream.charge;
    owner.usageRecords += 1;
  }
  const text = textOf(stream);
  chat.messages.push({
    role: 'assistant',
    content: lies('keeps another answer than it sent') ? `${text}!` : text,
  });
  if (!lies('ends a stream without an end')) appendEnd(lies, chat, stream);
  closeReaders(stream);
}

function appendEnd(lies: Asked['lies'], chat: MemoryChat, stream: MemoryStream): void {
  const text = textOf(stream);
  const digest = createHash('sha256').update(lies('tells a wrong digest') ? `${text}!` : text);
  const facts = {
    tokensUsed: stream.tokens,
    creditsCharged: stream.charge / 1_000_000,
    finishReason: stream.state === 'stopped' ? 'stopped' : 'stop',
    textSha256: digest.digest('hex'),
  };
  const type = stream.state === 'failed' ? 'error' : 'done';
  append(
    chat,
    stream,
    type,
    type === 'error' ? { ...facts, code: 'model.failed', message: 'It failed' } : facts,
  );
  if (lies('ends a stream twice')) append(chat, stream, type, facts);
}

/** Lets a reader follow, from its cursor or from the beginning. */
export function follow(asked: Asked, chat: MemoryChat): Told | undefined {
  const { lies, request, response } = asked;
  const stream = chat.streams.at(-1);
  const cursor = request.headers['last-event-id'];
  if (stream === undefined) return { status: 204, body: {} };
  if (cursor === undefined) {
    send(asked, response, stream, stream.events.slice(lies('forgets the beginning') ? 1 : 0), {});
    return undefined;
  }
  const after = Number(cursor);
  let events = stream.events.filter(({ offset }) => offset > after);
  const hasEnded = stream.state !== 'running' && events.length === 0;
  if (hasEnded && !lies('sends the end again')) return { status: 204, body: {} };
  if (hasEnded) events = stream.events.slice(-1);
  if (lies('loses a chunk on resume')) events = events.slice(1);
  if (lies('loses a chunk on resume and renumbers')) {
    events = events.slice(1).map((event) => ({ ...event, offset: event.offset - 1 }));
  }
  if (lies('doubles a chunk on resume')) events = stream.events.filter(({ offset }) => offset >= after);
  send(
    asked,
    response,
    lies('resumes under another id') ? { ...stream, id: `stream-1-${randomUUID()}` } : stream,
    events,
    {},
  );
  return undefined;
}

/** Stops a stream. */
export function stop(asked: Asked, chat: MemoryChat): Told {
  const stream = chat.streams.find(({ id }) => id === asked.body.streamingSessionId);
  const isOlder = stream !== chat.streams.at(-1) && !asked.lies('stops for an older id');
  if (stream === undefined || isOlder)
    return problem(400, 'stream.id_mismatch', 'Streaming session ID mismatch');
  if (stream.state === 'running') end(asked, chat, stream, 'stopped');
  const { id, state, tokens, charge } = stream;
  const told = asked.lies('tells another charge at the stop') ? charge + 1 : charge;
  return {
    status: 200,
    body: {
      sessionId: chat.id,
      streamingSessionId: id,
      state,
      tokensUsed: tokens,
      creditsCharged: told / 1_000_000,
    },
  };
}

function append(chat: MemoryChat, stream: MemoryStream, type: string, data: Record<string, unknown>): void {
  const event = { offset: chat.nextOffset, type, data };
  chat.nextOffset += 1;
  stream.events.push(event);
  for (const reader of stream.readers) reader.write(encode(event));
}

function send(
  { lies }: Asked,
  response: ServerResponse,
  stream: MemoryStream,
  events: readonly MemoryEvent[] = stream.events,
  headers: Record<string, string>,
): void {
  response.writeHead(200, {
    'content-type': lies('streams as plain text') ? 'text/plain' : 'text/event-stream; charset=utf-8',
    ...(lies('sends no id in the header') ? {} : { 'X-Streaming-Session-Id': stream.id }),
    ...headers,
  });
  response.flushHeaders();
  for (const event of events) response.write(encode(event));
  if (stream.state !== 'running') {
    response.end();
    return;
  }
  stream.readers.add(response);
  response.once('close', () => stream.readers.delete(response));
}

function closeReaders(stream: MemoryStream): void {
  for (const reader of stream.readers) reader.end();
  stream.readers.clear();
}

const encode = ({ offset, type, data }: MemoryEvent): string =>
  `id: ${offset}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
