import type { MuxLink } from './mux-party.ts';
import { cpuSeconds } from './process.ts';
import { elapse } from './sse-load.ts';
import { percentile } from './statistics.ts';

/** How often due messages are sent, in milliseconds. */
const TICK_MS = 2;
/** How long the last echoes are waited for, in milliseconds. */
const LONGEST_ECHO_MS = 10_000;
/** Digits of the stamp at the beginning of each payload. */
const STAMP_DIGITS = 8;
const ZERO = 0x30;

/** What a steady rate of messages came to. */
export interface Paced {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the server for a message, in microseconds. */
  readonly cpuMicros: number;
}

/**
 * Sends messages of many sessions at one steady rate, whatever comes back, and takes the time of each echo from the
 * moment at which its message was sent.
 */
export class PacedLoad {
  readonly #links: readonly MuxLink[];
  readonly #targets: Array<{ readonly link: number; readonly session: number }> = [];
  readonly #payload: Buffer;
  readonly #perMs: number;
  /** When the messages of each stamp were sent, and how many of them have not come back. */
  readonly #sentAtMs: number[] = [];
  readonly #under: number[] = [];
  #tookMs: number[] = [];
  #next = 0;
  #sent = 0;
  #taken = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `sessions`: those of each link that messages are sent on; all unless told otherwise. */
  constructor(
    links: readonly MuxLink[],
    load: {
      readonly perSecond: number;
      readonly payloadBytes: number;
      readonly sessions?: readonly number[];
    },
  ) {
    this.#links = links;
    this.#perMs = load.perSecond / 1000;
    this.#payload = Buffer.alloc(load.payloadBytes, '0');
    const most = Math.max(...links.map(({ sessions }) => sessions));
    for (const session of load.sessions ?? Array.from({ length: most }, (_, number) => number)) {
      for (const link of links.keys()) this.#targets.push({ link, session });
    }
  }

  /** Messages that were sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Messages that were sent and have not come back. */
  get underWay(): number {
    return this.#sent - this.#taken;
  }

  start(): void {
    const startedAt = performance.now();
    let paced = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor((performance.now() - startedAt) * this.#perMs) - paced;
      paced += due;
      if (due > 0) this.#send(due);
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** An echo has come: its payload begins at a place. */
  take(bytes: Buffer, at: number): void {
    this.#taken += 1;
    let stamp = 0;
    for (let digit = 0; digit < STAMP_DIGITS; digit += 1)
      stamp = stamp * 10 + (bytes[at + digit] ?? 0) - ZERO;
    this.#under[stamp] = (this.#under[stamp] ?? 0) - 1;
    this.#tookMs.push(performance.now() - (this.#sentAtMs[stamp] ?? Number.NaN));
  }

  /** Forgets how long echoes have taken; what is under way counts still. */
  forget(): void {
    this.#tookMs = [];
  }

  /** How long echoes took, in milliseconds; one that has not come yet has taken as long as it is under way. */
  tookMs(): readonly number[] {
    const nowMs = performance.now();
    const waiting = this.#under.flatMap((count, stamp) =>
      new Array<number>(count).fill(nowMs - (this.#sentAtMs[stamp] ?? nowMs)),
    );
    return [...this.#tookMs, ...waiting];
  }

  #send(count: number): void {
    const parts = new Map<number, Buffer[]>();
    const stamp = this.#sentAtMs.push(performance.now()) - 1;
    this.#payload.write(String(stamp).padStart(STAMP_DIGITS, '0'), 'latin1');
    for (let sent = 0; sent < count; sent += 1) {
      const target = this.#targets[this.#next];
      this.#next = (this.#next + 1) % this.#targets.length;
      if (target === undefined) return;
      const gathered = parts.get(target.link) ?? [];
      const message = this.#links[target.link]?.message(target.session, this.#payload);
      if (message !== undefined) gathered.push(message);
      parts.set(target.link, gathered);
    }
    this.#under[stamp] = count;
    this.#sent += count;
    for (const [link, messages] of parts) this.#links[link]?.socket.write(Buffer.concat(messages));
  }
}

/** Sends at a steady rate on all sessions of some connections, and measures for a while. */
export async function pace(
  pid: number,
  links: readonly MuxLink[],
  load: {
    readonly perSecond: number;
    readonly payloadBytes: number;
    readonly warmUpMs: number;
    readonly windowMs: number;
  },
): Promise<Paced> {
  const paced = new PacedLoad(links, load);
  for (const link of links) link.onEcho((_session, bytes, at) => paced.take(bytes, at));
  paced.start();
  await elapse(load.warmUpMs);
  paced.forget();
  const [sentBefore, cpuBefore] = [paced.sent, cpuSeconds(pid)];
  await elapse(load.windowMs);
  const [sent, cpu] = [paced.sent - sentBefore, cpuSeconds(pid) - cpuBefore];
  const tookMs = paced.tookMs();
  paced.stop();
  // Nothing of it is to come into what is measured next on these connections.
  for (let waitedMs = 0; paced.underWay > 0 && waitedMs < LONGEST_ECHO_MS; waitedMs += TICK_MS)
    await elapse(TICK_MS);
  return { p50Ms: percentile(tookMs, 50), p99Ms: percentile(tookMs, 99), cpuMicros: (cpu * 1e6) / sent };
}
