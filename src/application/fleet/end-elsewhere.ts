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
import type { IntentSettler } from '../streaming/engine/intent-settler.ts';
import { sealFromLog } from '../streaming/engine/seal-from-log.ts';

/** How long the node that drives a stream has to end it before it is ended for it, in milliseconds. */
export const ANSWER_WITHIN_MS = 1_000;
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
 * When nobody can be asked or nobody answers, the stream is sealed here with what its log and its hold prove; a writer that goes on
 * meets that end and stops.
 */
export class EndElsewhere {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Resolves when the stream does not run any more. Idempotent.
   *
   * @throws PortError when the store is away, or the stream's writer was faster every time.
   */
  async execute(running: StreamingSessionState): Promise<EndedElsewhere> {
    const before = await this.#look(running);
    if (before !== 'runs') return { session: before, ranUntilNow: false };
    return { session: await this.#end(running), ranUntilNow: true };
  }

  async #end(running: StreamingSessionState): Promise<StreamingSessionState | undefined> {
    if (this.#deps.bus.isConnected) {
      const ended = await this.#asked(running);
      if (ended !== 'runs') return ended;
    }
    const outcome = await sealFromLog(running, { kind: 'stop', reason: 'stopped' }, this.#deps);
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

  /** Asks the driver and waits for what its tail or the store tells. */
  async #asked(running: StreamingSessionState): Promise<StreamingSessionState | undefined | 'runs'> {
    const { bus, tail, clock, timers } = this.#deps;
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
      bus.askToStop(running.id);
      const untilMs = clock.nowMs() + ANSWER_WITHIN_MS;
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
