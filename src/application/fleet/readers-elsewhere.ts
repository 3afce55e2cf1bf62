import type { StreamId } from '../../domain/streaming/stream-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { ReaderMarks } from '../ports/fleet/reader-marks.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';
import type { RunningStreams } from '../streaming/engine/running-streams.ts';
import type { StreamPresence } from '../streaming/engine/stream-presence.ts';
import type { ThisNode } from './this-node.ts';

/** Longest and shortest rest between two marks, in milliseconds. */
const MARK_EVERY_MS = { longest: 5_000, shortest: 250 } as const;
/** Rest between two marks where a stream without a reader stops at once, in milliseconds. */
const MARK_FOR_NO_DEADLINE_MS = 500;
/** Marks are made so often before a stream's deadline. */
const MARKS_PER_DEADLINE = 4;
/** A mark counts for so many rests, and this much longer for the way to the store and back, in milliseconds. */
const RESTS_OF_A_MARK = 2;
const WAY_MS = 1_000;
/** Most streams that one mark names; the readers of others keep nothing alive from here. */
const MAX_MARKED = 20_000;

/** The rest between two marks for a deadline, in milliseconds. */
export function markEveryMs(deadlineMs: number): number {
  if (deadlineMs === 0) return MARK_FOR_NO_DEADLINE_MS;
  const { longest, shortest } = MARK_EVERY_MS;
  return Math.min(longest, Math.max(shortest, deadlineMs / MARKS_PER_DEADLINE));
}

interface Deps {
  readonly marks: ReaderMarks;
  readonly node: ThisNode;
  readonly presence: StreamPresence;
  readonly running: RunningStreams;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** How long a stream goes on that nobody reads, in milliseconds. */
  readonly deadlineMs: number;
}

/** Tells other nodes what is read here, and lets this one's streams know what is read elsewhere. */
export class ReadersElsewhere {
  readonly #deps: Deps;
  #wake = new AbortController();
  #underWay: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #hasMarked = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Marks and looks until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { presence, timers, deadlineMs } = this.#deps;
    const wake = (): void => this.#wake.abort();
    signal.addEventListener('abort', wake, { once: true });
    presence.joinElsewhere({ onJoined: wake, look: () => this.pass() });
    while (!signal.aborted) {
      // Before the pass: who comes meanwhile must cut the next rest short.
      this.#wake = new AbortController();
      await this.pass();
      if (signal.aborted) return;
      await timers.sleep(markEveryMs(deadlineMs), this.#wake.signal).catch(() => undefined);
    }
  }

  /** One mark and one look that begin after this call, together with all that were asked for meanwhile. Never rejects. */
  pass(): Promise<void> {
    this.#next ??= (async () => {
      await this.#underWay;
      this.#next = undefined;
      this.#underWay = this.#markAndLook().catch((error: unknown) =>
        this.#deps.log.debug({ err: error }, 'nodes could not tell each other of their readers'),
      );
      await this.#underWay;
    })();
    return this.#next;
  }

  async #markAndLook(): Promise<void> {
    const { marks, node, presence, running, clock, deadlineMs } = this.#deps;
    const nowMs = clock.nowMs();
    const freshMs = RESTS_OF_A_MARK * markEveryMs(deadlineMs) + WAY_MS;
    const here = new Set(running.ids());
    const streams = presence
      .progressedSince(nowMs - freshMs, nowMs)
      .filter((id) => !here.has(id))
      .slice(0, MAX_MARKED);
    if (streams.length > 0 || this.#hasMarked) await marks.mark({ node: node.id, streams, atMs: nowMs });
    this.#hasMarked = streams.length > 0;
    if (here.size === 0) return;
    const seen = new Map<StreamId, number>();
    for (const mark of await marks.since(nowMs - freshMs)) {
      if (mark.node === node.id) continue;
      for (const id of mark.streams) if (here.has(id)) seen.set(id, Math.max(seen.get(id) ?? 0, mark.atMs));
    }
    presence.seenElsewhere(seen);
  }
}
