import { isTerminal } from '../../domain/streaming/stream-event.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { CreditHolds } from '../ports/accounting/credit-holds.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import { PortError } from '../ports/port-error.ts';
import type { EventLog } from '../ports/streaming/event-log.ts';
import type { LiveTail } from '../ports/streaming/live-tail.ts';
import type { StreamRepository } from '../ports/streaming/stream-repository.ts';
import type { Timers } from '../ports/timers.ts';
import { announceEnd } from '../streaming/engine/announce-end.ts';
import { STOPPED } from '../streaming/engine/build-seal.ts';
import type { IntentSettler } from '../streaming/engine/intent-settler.ts';
import { sealFromLog } from '../streaming/engine/seal-from-log.ts';

/** How long the node that drives a stream has to end it after a word, in milliseconds. */
export const ANSWER_WITHIN_MS = 1_000;
/** How long it has after a wish on a store that answers at once, in milliseconds: longer than it rests between two looks. */
export const WISH_WITHIN_MS = 1_500;
/** The longest that it has, in milliseconds: whoever waits has a time by which he is answered. */
export const WISH_WITHIN_AT_MOST_MS = 6_000;
/** Answers of the store that a driver waits for at most, one after the other, from a wish that it just missed to the end. */
const ANSWERS_TO_AN_END = 10;
/** Rest between two looks at a stream whose end is awaited, in milliseconds; its tail cuts it short. */
const LOOK_EVERY_MS = 100;

interface Deps {
  readonly bus: FleetBus;
  readonly streams: StreamRepository;
  readonly eventLog: EventLog;
  readonly tail: LiveTail;
  readonly settler: IntentSettler;
  readonly holds: CreditHolds;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly digest: Digest;
}

/** A stream that does not run any more. */
export interface EndedElsewhere {
  /** Undefined when it was removed meanwhile. */
  readonly session: StreamingSessionState | undefined;
  /** False when it had ended before anybody was asked to stop it. */
  readonly ranUntilNow: boolean;
}

/**
 * Stops a stream that another node drives: asks that node, which knows best what was produced, and waits for the end.
 * When nobody can be asked or nobody answers, the wish is stored, where the driver finds it however fast it writes and
 * however slow the store is. Only a driver that does not come to it either, because it stands still or has gone, has its
 * stream sealed here with what its log and its hold prove; if it goes on after all it meets that end and stops.
 */
export class EndElsewhere {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the stream does not run any more. Idempotent.
   *
   * @throws PortError when the store is away, or the stream could not be ended yet: the wish stays, and ends it.
   */
  async execute(running: StreamingSessionState): Promise<EndedElsewhere> {
    const { bus } = this.#deps;
    if (bus.isConnected) {
      const before = await this.#look(running);
      if (before !== 'runs') return { session: before, ranUntilNow: false };
      const ask = async (): Promise<number> => {
        bus.askToStop(running.id);
        return ANSWER_WITHIN_MS;
      };
      const ended = await this.#ended(running, ask);
      if (ended !== 'runs') return { session: ended, ranUntilNow: true };
    }
    return this.#wished(running);
  }

  /** Stores the wish, and waits for whoever meets it. */
  async #wished(running: StreamingSessionState): Promise<EndedElsewhere> {
    const { clock, streams } = this.#deps;
    let ranUntilNow = true;
    const wish = async (): Promise<number> => {
      const fromMs = clock.nowMs();
      ranUntilNow = await streams.wishStop(running.id);
      const answerMs = clock.nowMs() - fromMs;
      // Whoever has to meet the wish works on the same store, and it may be slow today.
      return Math.min(WISH_WITHIN_MS + ANSWERS_TO_AN_END * answerMs, WISH_WITHIN_AT_MOST_MS);
    };
    const ended = await this.#ended(running, wish);
    if (ended !== 'runs') return { session: ended, ranUntilNow };
    return { session: await this.#seal(running), ranUntilNow: true };
  }

  /** Ends it in its driver's place. */
  async #seal(running: StreamingSessionState): Promise<StreamingSessionState | undefined> {
    const outcome = await sealFromLog(running, STOPPED, this.#deps);
    if (outcome.kind === 'busy')
      throw new PortError('timeout', 'store', 'the stream could not be sealed yet');
    // A writer that does not know yet closes its upstream.
    this.#deps.bus.askToStop(running.id);
    if (outcome.kind === 'sealed') {
      await announceEnd(outcome.seal, this.#deps);
      return outcome.seal.session;
    }
    const found = await this.#look(running);
    return found === 'runs' ? running : found;
  }

  /** Waits for the end that somebody is asked for, by what its tail or the store tells. `ask` says for how long, in milliseconds. */
  async #ended(
    running: StreamingSessionState,
    ask: () => Promise<number>,
  ): Promise<StreamingSessionState | undefined | 'runs'> {
    const { tail, clock, timers } = this.#deps;
    let told = new AbortController();
    const wake = (): void => told.abort();
    const unsubscribe = tail.subscribe(running.id, {
      onEvents: (events) => {
        if (events.some(isTerminal)) wake();
      },
      onDisconnected: wake,
      onMissed: wake,
    });
    try {
      const withinMs = await ask();
      const untilMs = clock.nowMs() + withinMs;
      for (;;) {
        const found = await this.#look(running);
        if (found !== 'runs' || clock.nowMs() >= untilMs) return found;
        await timers.sleep(LOOK_EVERY_MS, told.signal).catch(() => undefined);
        told = new AbortController();
      }
    } finally {
      unsubscribe();
    }
  }

  async #look({
    owner,
    chatId,
    id,
  }: StreamingSessionState): Promise<StreamingSessionState | undefined | 'runs'> {
    const session = (await this.#deps.streams.findOwned(owner, chatId, id))?.session;
    return session?.state === 'running' ? 'runs' : session;
  }
}
