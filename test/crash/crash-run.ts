import { ApiClient, type EventReader, type WireEvent } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';
import { must } from './broken-by-crash.ts';
import { RunTime } from './run-time.ts';

/** Chats that have a stream running while the server is killed. */
const CHATS = 12;
/** Latest moment of the kill after the load has begun, in milliseconds. */
const LATEST_KILL_MS = 1_200;
const FLAGS = ['--demo', '--model-pace', '120'];

/** What one client knows of one stream when the server dies. */
interface Witness {
  readonly chat: string;
  readonly streamId: string;
  readonly seen: readonly WireEvent[];
}

/** What a run of kills came to. */
export interface CrashReport {
  /** Kills that were dealt, and after which all was well. */
  readonly points: number;
  readonly streams: number;
  readonly interrupted: number;
  readonly finished: number;
}

/** How a run is set up. */
export interface CrashSettings {
  readonly points: number;
  /** When no further kill is dealt, in milliseconds; as long as the points take by default. */
  readonly withinMs?: number;
  /** Kills that are dealt all the same, however slow the machine is. */
  readonly atLeast?: number;
}

/**
 * Kills the server with SIGKILL under load at random moments, starts it again on the same data, and checks that
 * every reader gets a true prefix and an honest end, and that the doctor finds nothing.
 *
 * @throws BrokenByCrash naming the promise.
 */
export async function runCrashes(
  { points, withinMs, atLeast = points }: CrashSettings,
  random: () => number,
  tell: (line: string) => void,
): Promise<CrashReport> {
  const time = new RunTime(withinMs);
  let server = await RunningServer.start(FLAGS);
  const tally = { points: 0, streams: 0, interrupted: 0, finished: 0 };
  const run = async (): Promise<CrashReport> => {
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 100_000 });
    while (tally.points < (time.isOver ? atLeast : points)) {
      const point = `${tally.points + 1}/${points}`;
      time.doing(`${point}, the kill`);
      const witnesses = await killUnderLoad(server, random() * LATEST_KILL_MS, random);
      time.doing(`${point}, the start after it`);
      server = await RunningServer.start(FLAGS, server.data);
      time.doing(`${point}, the look at what is left`);
      const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
      for (const witness of witnesses) await checkStream(user, witness, tally);
      await checkMoney(user);
      await checkDoctor(server.data);
      for (const { chat } of witnesses)
        await user.send('chat', 'DELETE', `/api/chat/sessions/${chat}`, undefined);
      await checkDoctor(server.data);
      tally.points += 1;
      tell(`${point}: ${witnesses.length} streams witnessed, doctor clean`);
    }
    return tally;
  };
  return time.hold(run, () => server.dispose());
}

async function killUnderLoad(
  server: RunningServer,
  afterMs: number,
  random: () => number,
): Promise<Witness[]> {
  const user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  const chats = await Promise.all(Array.from({ length: CHATS }, () => user.createChat()));
  const witnesses: Witness[] = [];
  const loads = chats.map((chat, index) => load(user, chat, index, random, witnesses));
  const timer = new Promise((resolve) => setTimeout(resolve, afterMs));
  await timer;
  await server.end('SIGKILL');
  await Promise.all(loads);
  return witnesses;
}

/** Starts streams in one chat until the server dies: some are read to the end, some stopped, some updated. */
async function load(
  user: ApiClient,
  chat: string,
  index: number,
  random: () => number,
  out: Witness[],
): Promise<void> {
  let reader: EventReader | undefined;
  try {
    for (;;) {
      reader = await user.start(chat, `Question ${index}`);
      if (reader.response.status !== 200) return;
      const upTo = 2 + Math.floor(random() * 40);
      await reader.until(({ events }) => index % 3 !== 0 && events.length >= upTo);
      if (index % 3 === 1) await user.stop(chat, reader.streamId);
      if (index % 3 === 2) await user.update(chat, reader.streamId, reader.text);
      const end = await reader.toEnd();
      if (end === undefined) break;
    }
  } catch {
    // The server has gone: what was seen until now is what has to be true afterwards.
  }
  if (reader !== undefined && reader.streamId !== '')
    out.push({ chat, streamId: reader.streamId, seen: reader.events });
}

async function checkStream(
  user: ApiClient,
  witness: Witness,
  tally: { streams: number; interrupted: number; finished: number },
): Promise<void> {
  const { chat, streamId, seen } = witness;
  tally.streams += 1;
  const newest = await user.resume(chat);
  must(newest.response.status === 200, 'a stream whose id was read can be read again', {
    chat,
    status: newest.response.status,
  });
  // The kill may have come after a next start was stored and before its id was read: then that one is the newest.
  const overtaken = newest.streamId !== streamId;
  must(!overtaken || seen.length > 0, 'the newest stream is the one whose id was read', {
    streamId,
    got: newest.streamId,
  });
  if (overtaken) await newest.cut();
  const whole = overtaken ? await user.resume(chat, (seen[0]?.id ?? 1) - 1) : newest;
  must(whole.streamId === streamId, 'an older cursor finds its own stream', {
    expected: streamId,
    got: whole.streamId,
  });
  const end = await whole.toEnd();
  must(end !== undefined, 'a stream that was running ends honestly', {
    streamId,
    events: whole.events.length,
  });
  if (end.type === 'error')
    must(end.data.code === 'stream.interrupted', 'it says that it was interrupted', end);
  tally[end.type === 'error' ? 'interrupted' : 'finished'] += 1;
  const first = whole.events[0]?.id ?? 0;
  must(
    whole.events.every((event, at) => event.id === first + at),
    'offsets are consecutive',
    whole.events.map((event) => event.id),
  );
  must(
    JSON.stringify(whole.events.slice(0, seen.length)) === JSON.stringify(seen),
    'what was seen before the kill is a prefix of what is there after it',
    { streamId, seen: seen.at(-1), there: whole.events.at(-1) },
  );
  const cursor = seen.at(-1)?.id;
  if (cursor !== undefined && seen.length < whole.events.length) {
    const rest = await user.resume(chat, cursor);
    await rest.toEnd();
    must(
      JSON.stringify([...seen, ...rest.events]) === JSON.stringify(whole.events),
      'a resumed reader gets the rest, once',
      { streamId, cursor, rest: rest.events.length },
    );
  }
  const { body } = await user.get('chat', `/api/chat/sessions/${chat}/messages`);
  const kept = body.messages.filter((message: { role: string }) => message.role === 'assistant');
  const answers = kept.slice(overtaken ? -2 : -1).map((message: { content: string }) => message.content);
  if (whole.text !== '')
    must(answers.includes(whole.text), 'the chat keeps the text that was produced', { streamId, overtaken });
  const receipt = await user.update(chat, streamId, whole.text);
  const allowed = overtaken ? [400] : [200, 422];
  must(allowed.includes(receipt.status), 'the newest stream alone takes a receipt', receipt.body);
}

async function checkMoney(user: ApiClient): Promise<void> {
  await eventually(async () => {
    const { body } = await user.get('accounting', '/api/credits/balance');
    must(body.heldCredits === 0, 'no credit stays held by streams that have ended', body);
  });
}

async function checkDoctor(data: string): Promise<void> {
  // As a child of its own environment: a doctor that read of the tests' servers would look there instead.
  const doctor = await holdfast(['doctor', '--data', data, '--json']);
  must(doctor.code === 0, 'the doctor finds the store whole', doctor);
}
