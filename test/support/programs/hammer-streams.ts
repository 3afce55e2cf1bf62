/**
 * One of several processes that write to the same chats and streams of a MongoDB: `hammer-streams.ts <url> <task>`. Says
 * `ready`, waits for a line, does its task to all chats at once, and says as JSON how often each outcome came.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { openStreamingStore } from '../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { isTerminal } from '../../../src/domain/streaming/stream-event.ts';
import type { StreamingSessionState } from '../../../src/domain/streaming/streaming-session.ts';
import type { StreamTask } from '../hammer.ts';
import { ANNA, aClaim, aQuestion, aSeal, chatId, chunks, numberedStream } from '../stream-builders.ts';

/** Events of a log before a process that ends streams begins to try. */
const EVENTS_BEFORE_END = 12;
/** Events of a log at which nobody appends any more, so that a slow server lets whoever ends it come through. */
const EVENTS_AT_MOST = 60;
/** Most events of one append. */
const MAX_EVENTS = 4;

const [url = '', text = ''] = process.argv.slice(2);
const task = JSON.parse(text) as StreamTask;
const store = await MongoStore.open(url);
const { streams, events } = openStreamingStore(store, async () => undefined);
const outcomes: Record<string, number> = {};
const count = (outcome: string, times = 1): void => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + times;
};

/** Where the log of a chat's stream ends; undefined when it has its end. */
async function endOf(chat: number): Promise<number | undefined> {
  const log = await events.read(numberedStream(chat), 0, 10_000);
  const last = log.at(-1);
  return last === undefined || isTerminal(last) ? undefined : last.offset;
}

async function claim(chat: number): Promise<void> {
  const session = aClaim(chat * 100 + task.number, chat);
  count((await streams.claim({ session, message: aQuestion() })).kind);
}

/** Appends at the end of the log, wherever it is, until the stream is ended or its log is long. */
async function append(chat: number): Promise<void> {
  for (let end = await endOf(chat); end !== undefined && end < EVENTS_AT_MOST; ) {
    const texts = Array.from({ length: 1 + (end % MAX_EVENTS) }, () => `${task.number}`);
    const isStored = await events.append(numberedStream(chat), chunks(end + 1, ...texts)).then(
      () => true,
      (error: unknown) => {
        count(error instanceof PortError && error.kind === 'conflict' ? 'refused' : String(error));
        return false;
      },
    );
    if (isStored) count('stored', texts.length);
    // Whoever was first looks again as well: he would be ahead of the others for ever.
    end = await endOf(chat);
  }
}

/** Ends the stream at the end of its log, wherever it is, until it is ended. */
async function seal(chat: number): Promise<void> {
  for (let end = await endOf(chat); end !== undefined; end = await endOf(chat)) {
    if (end < EVENTS_BEFORE_END) continue;
    const running = (await streams.latestOf(chatId(chat))) as StreamingSessionState;
    if (running.owner !== ANNA || running.state !== 'running') continue;
    count(await streams.seal(aSeal(running, end + 1)));
  }
}

process.stdout.write('ready\n');
await once(createInterface(process.stdin), 'line');
const act = { claim, append, seal }[task.kind];
await Promise.all(Array.from({ length: task.chats }, (_, index) => act(index + 1)));
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await store.close();
process.exit(0);
