import { startHoldfast } from './support/holdfast-party.ts';
import type { Memory } from './support/memory.ts';
import type { MuxLink, MuxParty, StartParty } from './support/mux-party.ts';
import { startBareWs, startSocketIo } from './support/peer-parties.ts';
import type { Bench, BenchResult } from './support/result.ts';
import { alternate, figuresOf, ratioOf } from './support/rounds.ts';
import { elapse } from './support/sse-load.ts';
import { median } from './support/statistics.ts';

const CONNECTIONS = 200;
const SESSIONS = 100;
/** As many principals as it takes to stay within what one may have. */
const PRINCIPALS = 10;
/** How long a server may take to forget connections that have gone. */
const SETTLE_MS = 1_500;
const KIB = 1_024;

interface Cost {
  /** Of an idle connection without sessions, in bytes. */
  readonly connection: number;
  /** Of an idle session, in bytes of the heap. */
  readonly session: number;
  /** Of an idle connection with all its sessions, in bytes of the whole process. */
  readonly resident: number;
}

async function connect(party: MuxParty, sessions: number): Promise<MuxLink[]> {
  const links: MuxLink[] = [];
  for (let count = 0; count < CONNECTIONS; count += 1)
    links.push(await party.connect({ sessions, principal: count % PRINCIPALS }));
  return links;
}

async function close(links: readonly MuxLink[]): Promise<void> {
  for (const { socket } of links) socket.close();
  await elapse(SETTLE_MS);
}

const taken = ({ heap, external }: Memory): number => heap + external;

async function run(start: StartParty, hasSessions: boolean): Promise<Cost> {
  const party = await start();
  try {
    // The code has run once by then, and what it keeps for reuse is there.
    await close(await connect(party, hasSessions ? 1 : 0));
    const before = await party.memory();
    const bare = await connect(party, 0);
    const connected = await party.memory();
    await close(bare);
    const connection = (taken(connected) - taken(before)) / CONNECTIONS;
    if (!hasSessions) return { connection, session: Number.NaN, resident: Number.NaN };
    const start = await party.memory();
    const links = await connect(party, SESSIONS);
    const full = await party.memory();
    await close(links);
    const sessions = full.heap - start.heap - (connected.heap - before.heap);
    return {
      connection,
      session: sessions / (CONNECTIONS * SESSIONS),
      resident: (full.resident - start.resident) / CONNECTIONS,
    };
  } finally {
    await party.stop();
  }
}

/** What idle connections and idle sessions take. */
export const bench: Bench = {
  name: 'mux-memory',
  async run(): Promise<BenchResult> {
    const rounds = await alternate(
      {
        holdfast: () => run(() => startHoldfast({ principals: PRINCIPALS }), true),
        'bare ws': () => run(startBareWs, false),
        'Socket.IO': () => run(startSocketIo, true),
      },
      ({ connection, session }) =>
        `${(connection / KIB).toFixed(2)} KiB a connection, ${session.toFixed(0)} bytes a session`,
    );
    const withSessions = { holdfast: rounds.holdfast ?? [], 'Socket.IO': rounds['Socket.IO'] ?? [] };
    const connection = ratioOf(rounds, 'holdfast', 'bare ws', (cost) => cost.connection);
    const bytes = median(withSessions.holdfast.map(({ session }) => session));
    const session = ratioOf(rounds, 'holdfast', 'Socket.IO', (cost) => cost.session);
    return {
      name: 'mux-memory',
      work: `${CONNECTIONS} idle connections, then as many with ${SESSIONS} idle sessions on each (of Socket.IO: namespaces), after full collections.`,
      figures: [
        ...figuresOf(
          rounds,
          'a connection without sessions: heap and buffers',
          'KiB',
          (cost) => cost.connection / KIB,
        ),
        ...figuresOf(withSessions, 'a session: heap', 'bytes', (cost) => cost.session),
        ...figuresOf(
          withSessions,
          `a connection with ${SESSIONS} sessions: the whole process`,
          'KiB',
          (cost) => cost.resident / KIB,
        ),
      ],
      verdicts: [
        {
          goal: 'a connection takes at most 1.3 × what it takes of bare ws',
          measured: `${connection.toFixed(2)} ×`,
          met: connection <= 1.3,
        },
        {
          goal: 'a session takes at most 1 KiB of the heap',
          measured: `${bytes.toFixed(0)} bytes`,
          met: bytes <= KIB,
        },
        {
          goal: 'a session takes at most 0.4 × what a namespace of Socket.IO takes',
          measured: `${session.toFixed(2)} ×`,
          met: session <= 0.4,
        },
      ],
      notes: [
        'A session of Holdfast is also a row of its directory, on disk, which is how its owner gets it back.',
        'Profiled by heap snapshots. What an idle connection took beyond a bare one (4.9 KiB) was: a table of handlers that V8 had turned into a dictionary because a timer of the socket was taken back (0.8 KiB), that timer (0.2 KiB), closures, handlers and buckets of its own (2.3 KiB), and turns, handles and queues for sessions that it does not have (0.9 KiB). Now it has its own object, its names, its authority and its places in the lists by name, by principal and by credential; the rest comes with the first frame.',
        'A session that has sent or been sent nothing has its own object, its name, what its kind keeps, and its places in the maps by handle, by name and by credential. Its identity, its handle and its place in the idle wheel were objects of their own, of 48 to 64 bytes each, and its places in the wheel a set’s; they are fields of the session now (926 bytes before). Its bucket, windows, queues, turns and counts come with its first frame: after one message there and back it takes about 750 bytes more. Beside that the node remembers what the directory said last of 2,000 sessions, about 300 bytes each (of 10,000 before).',
      ],
    };
  },
};
