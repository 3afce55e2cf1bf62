import type { GatheredMetric, GatheredSample, MetricLabels } from '../../../../application/ports/metrics.ts';
import type { MuxConnection } from './mux-connection.ts';
import type { KindStats, MuxStats } from './mux-stats.ts';
import { Traffic } from './traffic.ts';
import { WAIT_BOUNDS_MS, type WaitTimes } from './wait-times.ts';

/** What the sessions of one kind have open now. */
class OpenKind {
  sessions = 0;
  inBytes = 0;
  outBytes = 0;
  readonly traffic = new Traffic();
}

/** What multiplexed connections came to, and what waits on them now, as it is read by whoever scrapes. */
export function gatherStats(stats: MuxStats, connections: Iterable<MuxConnection>): GatheredMetric[] {
  const open = new Map([...stats.kinds.keys()].map((kind) => [kind, new OpenKind()]));
  let count = 0;
  const rounds = { in: stats.roundsIn, out: stats.roundsOut };
  for (const connection of connections) {
    count += 1;
    rounds.in += connection.rounds.in;
    rounds.out += connection.rounds.out;
    for (const session of connection.sessions()) {
      const kind = open.get(session.kind.name);
      if (kind === undefined) continue;
      kind.sessions += 1;
      kind.inBytes += session.queued.inBytes;
      kind.outBytes += session.queued.outBytes;
      kind.traffic.add(session.counted);
    }
  }
  return [
    { name: 'holdfast_mux_connections', type: 'gauge', samples: [{ labels: {}, value: count }] },
    ...kindMetrics(stats.kinds, open),
    counter('holdfast_mux_errors_total', stats.errors, (code) => ({ code })),
    {
      name: 'holdfast_mux_closes_total',
      type: 'counter',
      samples: [
        ...samplesOf(stats.sessionCloses, (code) => ({ of: 'session', code: String(code) })),
        ...samplesOf(stats.connectionCloses, (code) => ({ of: 'connection', code: String(code) })),
      ],
    },
    counter('holdfast_mux_frames_dropped_total', Object.entries(stats.drops), (cause) => ({ cause })),
    counter('holdfast_mux_resumes_total', Object.entries(stats.resumes), (outcome) => ({ outcome })),
    counter('holdfast_mux_scheduler_rounds_total', Object.entries(rounds), (direction) => ({ direction })),
  ];
}

function kindMetrics(
  kinds: ReadonlyMap<string, KindStats>,
  open: ReadonlyMap<string, OpenKind>,
): GatheredMetric[] {
  const sessions: GatheredSample[] = [];
  const queued: GatheredSample[] = [];
  const messages: GatheredSample[] = [];
  const bytes: GatheredSample[] = [];
  const waits: GatheredSample[] = [];
  for (const [kind, { over, waitsIn, waitsOut }] of kinds) {
    const now = open.get(kind) ?? new OpenKind();
    now.traffic.add(over);
    const { messagesIn, messagesOut, bytesIn, bytesOut } = now.traffic;
    const into = { kind, direction: 'in' };
    const out = { kind, direction: 'out' };
    sessions.push({ labels: { kind }, value: now.sessions });
    queued.push({ labels: into, value: now.inBytes }, { labels: out, value: now.outBytes });
    messages.push({ labels: into, value: messagesIn }, { labels: out, value: messagesOut });
    bytes.push({ labels: into, value: bytesIn }, { labels: out, value: bytesOut });
    waits.push(...waitSamples(waitsIn, into), ...waitSamples(waitsOut, out));
  }
  return [
    { name: 'holdfast_mux_sessions', type: 'gauge', samples: sessions },
    { name: 'holdfast_mux_queued_bytes', type: 'gauge', samples: queued },
    { name: 'holdfast_mux_messages_total', type: 'counter', samples: messages },
    { name: 'holdfast_mux_bytes_total', type: 'counter', samples: bytes },
    { name: 'holdfast_mux_wait_seconds', type: 'histogram', samples: waits },
  ];
}

/** The samples of a histogram: how many waited at most so long, for each bound, their sum and their number. */
function waitSamples({ counts, sumMs }: WaitTimes, labels: MetricLabels): GatheredSample[] {
  let value = 0;
  const buckets = counts.map((count, at): GatheredSample => {
    value += count;
    const bound = WAIT_BOUNDS_MS[at];
    const le = bound === undefined ? '+Inf' : String(bound / 1_000);
    return { suffix: '_bucket', labels: { ...labels, le }, value };
  });
  return [...buckets, { suffix: '_sum', labels, value: sumMs / 1_000 }, { suffix: '_count', labels, value }];
}

const counter = <Key>(
  name: string,
  counted: Iterable<readonly [Key, number]>,
  labels: (key: Key) => MetricLabels,
): GatheredMetric => ({ name, type: 'counter', samples: samplesOf(counted, labels) });

const samplesOf = <Key>(
  counted: Iterable<readonly [Key, number]>,
  labels: (key: Key) => MetricLabels,
): GatheredSample[] => [...counted].map(([key, value]) => ({ labels: labels(key), value }));
