import { cpuSeconds } from './process.ts';
import type { Figure } from './result.ts';
import { deliveredPerSecond, elapse, type RawRequest, SseReader } from './sse-load.ts';
import { median, percentile } from './statistics.ts';

/** Streams that are prepared at the same time, before any of them runs. */
const PREPARED_AT_ONCE = 40;
/** Longest wait for all streams to run, in milliseconds: a start that takes longer under load has starved. */
export const LONGEST_START_MS = 20_000;
const SETTLE_MS = 1_000;
const WINDOW_MS = 3_000;
/** Time between two newcomers, in milliseconds; no multiple of the pacer's tick, so that they meet it anywhere. */
const NEWCOMER_EVERY_MS = 37;
/** How long the last newcomer may wait for its first token, in milliseconds; one that has none then counts as this. */
const LONGEST_FIRST_TOKEN_MS = 10_000;

/** How much is asked of each party. */
export interface TokenLoad {
  readonly rounds: number;
  readonly streams: number;
  /** Readers that come while all streams run, to measure what a newcomer waits. */
  readonly newcomers: number;
}

/** A server under measurement that answers event streams. */
export interface Party {
  readonly pids: readonly number[];
  /** Opens one more stream. */
  open(index: number): Promise<RawRequest>;
  stop(): Promise<void>;
}

export interface Measurement {
  readonly eventsPerSecond: number;
  readonly cores: number;
  readonly firstTokenP95Ms: number;
  /** Streams that had no token within `LONGEST_START_MS`. */
  readonly starved: number;
}

/**
 * Waits until every reader has had a token, or for some time. Says how many have none.
 *
 * @throws Error with the answer when one is refused.
 */
async function untilAllRun(readers: readonly SseReader[], withinMs: number): Promise<number> {
  const until = performance.now() + withinMs;
  for (;;) {
    const waiting = readers.filter(({ firstChunkMs }) => firstChunkMs === undefined);
    const refused = waiting.filter(({ refusal }) => refusal !== undefined);
    if (refused.length > 0) throw new Error(`${refused.length} streams were refused: ${refused[0]?.refusal}`);
    if (waiting.length === 0 || performance.now() > until) return waiting.length;
    await elapse(50);
  }
}

async function measure(start: () => Promise<Party>, load: TokenLoad): Promise<Measurement> {
  const party = await start();
  try {
    return await measureParty(party, load);
  } finally {
    await party.stop();
  }
}

async function measureParty(party: Party, { streams, newcomers }: TokenLoad): Promise<Measurement> {
  const requests: RawRequest[] = [];
  while (requests.length < streams + newcomers) {
    const next = Array.from({ length: PREPARED_AT_ONCE }, (_, at) => party.open(requests.length + at));
    requests.push(...(await Promise.all(next)));
  }
  const readers = requests.slice(0, streams).map((request) => new SseReader(request));
  const starved = await untilAllRun(readers, LONGEST_START_MS);
  await elapse(SETTLE_MS);
  const used = (): number => party.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const usedBefore = used();
  const eventsPerSecond = await deliveredPerSecond(readers, WINDOW_MS);
  const cores = (used() - usedBefore) / (WINDOW_MS / 1000);
  const late: SseReader[] = [];
  for (const request of requests.slice(streams)) {
    late.push(new SseReader(request));
    await elapse(NEWCOMER_EVERY_MS);
  }
  await untilAllRun(late, LONGEST_FIRST_TOKEN_MS);
  const waits = late.map(({ firstChunkMs }) => firstChunkMs ?? LONGEST_FIRST_TOKEN_MS);
  for (const reader of [...readers, ...late]) reader.close();
  return { eventsPerSecond, cores, firstTokenP95Ms: percentile(waits, 95), starved };
}

/** Runs the parties one after the other, round by round. */
export async function alternate(
  parties: Readonly<Record<string, () => Promise<Party>>>,
  load: TokenLoad,
): Promise<Record<string, Measurement[]>> {
  const results: Record<string, Measurement[]> = {};
  for (let round = 0; round < load.rounds; round += 1) {
    for (const [who, start] of Object.entries(parties)) {
      const measured = await measure(start, load);
      results[who] = [...(results[who] ?? []), measured];
      process.stderr.write(
        `  ${who}: ${Math.round(measured.eventsPerSecond)} events/s, ${measured.cores.toFixed(2)} cores, first token p95 ${measured.firstTokenP95Ms.toFixed(1)} ms${measured.starved > 0 ? `, ${measured.starved} streams without one` : ''}\n`,
      );
    }
  }
  return results;
}

/** What was measured, as the report shows it. */
export function figuresOf(what: string, results: Record<string, Measurement[]>): Figure[] {
  return Object.entries(results).flatMap(([who, rounds]) => {
    const figure = (name: string, unit: string, pick: (measured: Measurement) => number): Figure => ({
      who,
      what: `${what}: ${name}`,
      unit,
      median: median(rounds.map(pick)),
      rounds: rounds.map(pick),
    });
    return [
      figure('delivered', 'events/s', ({ eventsPerSecond }) => eventsPerSecond),
      figure('CPU', 'cores', ({ cores }) => cores),
      figure('first token p95', 'ms', ({ firstTokenP95Ms }) => firstTokenP95Ms),
    ];
  });
}
