import type { MuxLink, MuxParty } from './mux-party.ts';
import { cpuSeconds } from './process.ts';
import { elapse } from './sse-load.ts';

/** Payload of a message, in bytes. */
export const PAYLOAD_BYTES = 64;
const WARM_UP_MS = 1_000;
const WINDOW_MS = 2_000;

/** How connections and sessions are laid out. */
export interface Layout {
  readonly connections: number;
  readonly sessions: number;
  /** Messages of each session that are under way at the same time. */
  readonly depth: number;
}

export interface Echoed {
  readonly perSecond: number;
  /** CPU of the server for a message, in microseconds. */
  readonly cpuMicros: number;
}

const payload = Buffer.alloc(PAYLOAD_BYTES, 'x');

/** Every session of a connection has its messages under way all the time; each sends one when one comes back. */
function keepBusy(link: MuxLink, depth: number): { readonly echoes: number } {
  const counted = { echoes: 0 };
  const round = link.together(Array.from({ length: link.sessions }, (_, session) => ({ session, payload })));
  let due = link.sessions;
  link.onEcho(() => {
    counted.echoes += 1;
    due -= 1;
    if (due > 0) return;
    due = link.sessions;
    link.socket.write(round);
  });
  for (let count = 0; count < depth; count += 1) link.socket.write(round);
  return counted;
}

/** Sends as fast as the server answers, and counts for a while. */
export async function echoAsFastAsItCan(party: MuxParty, layout: Layout): Promise<Echoed> {
  const links: MuxLink[] = [];
  for (let count = 0; count < layout.connections; count += 1)
    links.push(await party.connect({ sessions: layout.sessions }));
  const counts = links.map((link) => keepBusy(link, layout.depth));
  const sum = (): number => counts.reduce((total, { echoes }) => total + echoes, 0);
  await elapse(WARM_UP_MS);
  const [before, cpuBefore, startedAt] = [sum(), cpuSeconds(party.pid), performance.now()];
  await elapse(WINDOW_MS);
  const echoes = sum() - before;
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuSeconds(party.pid) - cpuBefore;
  for (const { socket } of links) socket.close();
  if (links.some(({ socket }) => socket.closed !== undefined)) throw new Error('a connection was lost');
  return { perSecond: echoes / seconds, cpuMicros: (cpu * 1e6) / echoes };
}
