import { type ControlParty, startBareControl, startHoldfastControl } from './support/control-party.ts';
import type { Memory } from './support/memory.ts';
import type { RawWebSocket } from './support/raw-web-socket.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf, ratioOf } from './support/rounds.ts';
import { elapse } from './support/sse-load.ts';

const AGENTS = 10_000;
/** Profiles that these agents are of: each may have a bounded number of sessions. */
const KEYS = 20;
/** Agents that log in at the same time. */
const AT_ONCE = 50;
/** Agents that come and go before anything is measured. */
const FIRST_AGENTS = 200;
/** How long a server may take to forget connections that have gone. */
const SETTLE_MS = 1_500;
const KIB = 1_024;

/** What an idle agent takes, in bytes. */
interface Cost {
  readonly heap: number;
  readonly resident: number;
}

async function logIn(party: ControlParty, agents: number): Promise<RawWebSocket[]> {
  const sockets: RawWebSocket[] = [];
  for (let from = 0; from < agents; from += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, agent) => party.logIn(from + agent));
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

async function run(start: () => Promise<ControlParty>): Promise<Cost> {
  const party = await start();
  try {
    // The code has run once by then, and what it keeps for reuse is there.
    for (const socket of await logIn(party, FIRST_AGENTS)) socket.close();
    await elapse(SETTLE_MS);
    const before = await party.memory();
    const sockets = await logIn(party, AGENTS);
    await elapse(SETTLE_MS);
    const after = await party.memory();
    const lost = sockets.find(({ closed }) => closed !== undefined);
    for (const socket of sockets) socket.close();
    if (lost !== undefined) throw new Error(`an agent was closed with ${lost.closed}`);
    const taken = ({ heap, external }: Memory): number => heap + external;
    return {
      heap: (taken(after) - taken(before)) / AGENTS,
      resident: (after.resident - before.resident) / AGENTS,
    };
  } finally {
    await party.stop();
  }
}

/** What agents that do nothing take. */
export const bench: Bench = {
  name: 'control-memory',
  async run(): Promise<BenchResult> {
    const rounds = await alternate(
      { holdfast: () => run(() => startHoldfastControl(KEYS)), 'bare ws': () => run(startBareControl) },
      ({ heap, resident }) =>
        `${(heap / KIB).toFixed(2)} KiB of the heap, ${(resident / KIB).toFixed(2)} KiB of the process`,
    );
    const heap = ratioOf(rounds, 'holdfast', 'bare ws', (cost) => cost.heap);
    const resident = ratioOf(rounds, 'holdfast', 'bare ws', (cost) => cost.resident);
    return {
      name: 'control-memory',
      work: `${AGENTS.toLocaleString('en')} agents have logged in, each to a session of its own, and are idle; after full collections.`,
      figures: [
        ...figuresOf(rounds, 'an idle agent: heap and buffers', 'KiB', (cost) => cost.heap / KIB),
        ...figuresOf(rounds, 'an idle agent: the whole process', 'KiB', (cost) => cost.resident / KIB),
      ],
      verdicts: [],
      notes: [
        `An idle agent takes ${heap.toFixed(2)} × the heap and ${resident.toFixed(2)} × the memory of bare ws. Of Holdfast each holds a session in the directory too, which is a row on disk.`,
      ],
    };
  },
};
