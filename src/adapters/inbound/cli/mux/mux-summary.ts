import { Latencies } from './latencies.ts';
import { placesText, round, timeText } from './mux-board.ts';
import type { SessionLoad } from './session-load.ts';

/** What a run came to. */
export interface MuxSummary {
  readonly sessions: number;
  readonly connections: number;
  readonly seconds: number;
  readonly sent: number;
  readonly received: number;
  readonly repeated: number;
  readonly refused: number;
  readonly resumes: number;
  /** Sessions that did not last to the end, by the code of their close or error. */
  readonly ended: Readonly<Record<string, number>>;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly flood?: FloodSummary;
}

/** What a flood did: to itself, and to the others. */
export interface FloodSummary {
  /** How the quiet sessions were answered before it and meanwhile. */
  readonly before: { readonly p50Ms: number | null; readonly p99Ms: number | null };
  readonly during: { readonly p50Ms: number | null; readonly p99Ms: number | null };
  /** Messages of the quiet sessions that were refused, and how often one of them was closed. */
  readonly quietRefused: number;
  readonly quietClosed: number;
  /** What the flooding session sent, had refused, and how often it was closed for it. */
  readonly sent: number;
  readonly refused: number;
  readonly closed: number;
}

/** Both ends of what many were answered in. */
export function spreadOf(latencies: readonly Latencies[]): { p50Ms: number | null; p99Ms: number | null } {
  const all = new Latencies().merge(latencies);
  const at = (share: number): number | null => {
    const ms = all.quantile(share);
    return ms === null ? null : round(ms);
  };
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** What the sessions of a run did together. */
export function sumUp(
  loads: readonly SessionLoad[],
  ended: Readonly<Record<string, number>>,
  facts: { readonly connections: number; readonly seconds: number },
): Omit<MuxSummary, 'flood'> {
  const stats = loads.map(({ session }) => session.stats());
  const sum = (count: (one: (typeof stats)[number]) => number): number =>
    stats.reduce((total, one) => total + count(one), 0);
  return {
    sessions: loads.length,
    ...facts,
    sent: sum(({ sent }) => sent),
    received: sum(({ received }) => received),
    repeated: sum(({ repeated }) => repeated),
    refused: sum(({ refused }) => refused),
    resumes: sum(({ resumes }) => resumes),
    ended,
    ...spreadOf(loads.map(({ latencies }) => latencies)),
  };
}

/** The summary in sentences. */
export function summaryText(summary: MuxSummary): string {
  const { sessions, connections, seconds, sent, received, refused, resumes, repeated, ended } = summary;
  const endings = Object.entries(ended).map(([code, count]) => `${count} ended with ${code}`);
  const lines = [
    `${placesText(sessions, connections)}, ${seconds} s: ${sent} messages sent, ${received} received (${round(received / Math.max(1, seconds))}/s), p50 ${timeText(summary.p50Ms)}, p99 ${timeText(summary.p99Ms)}.`,
    `${refused} refused; ${resumes} times back on another connection, ${repeated} events that came again and were not given again${endings.length === 0 ? '' : `; ${endings.join(', ')}`}.`,
  ];
  const { flood } = summary;
  if (flood === undefined) return lines.join('\n');
  const { before, during, quietRefused, quietClosed } = flood;
  return [
    ...lines,
    `Quiet sessions before the flood: p50 ${timeText(before.p50Ms)}, p99 ${timeText(before.p99Ms)}; during it: p50 ${timeText(during.p50Ms)}, p99 ${timeText(during.p99Ms)}; ${quietRefused} of their messages refused, ${quietClosed} times one of them closed.`,
    `The flooding session: ${flood.sent} messages sent, ${flood.refused} refused, closed ${flood.closed} times for it.`,
  ].join('\n');
}
