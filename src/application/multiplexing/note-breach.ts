import type { AuditActor } from '../../domain/audit/audit-record.ts';
import { BreachTally } from '../../domain/multiplexing/breach-tally.ts';
import type { SubscriberOwner } from '../../domain/multiplexing/subscriber-owner.ts';
import type { Watchman } from '../ports/alerts/watchman.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';

/** How often it is looked whose breaches are to be told, in milliseconds. */
const LOOK_EVERY_MS = 5_000;

/** A limit of multiplexed sessions that somebody ran into. */
export interface Breach {
  /** The code that he was told, or would have been. */
  readonly code: string;
  readonly owner: SubscriberOwner;
  readonly actor: AuditActor;
  /** The session, where it was one's. */
  readonly object?: string;
  readonly requestId?: string;
}

interface Deps {
  readonly audit: AuditTrail;
  readonly watchman: Watchman;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Records breaches, the first of an actor in a minute itself and then how many followed, and tells the watchman of each. */
export class NoteBreach {
  readonly #deps: Deps;
  readonly #tally = new BreachTally();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Costs two look-ups; whoever floods causes one for each frame. Never throws, and never waits. */
  execute({ code, owner, actor, object, requestId }: Breach): void {
    const { audit, watchman, clock } = this.#deps;
    const kind = code === 'session.unknown' ? 'handles.unknown' : 'breaches.repeated';
    watchman.notice({
      kind,
      principal: owner,
      word: code,
      ...(object === undefined ? {} : { detail: object }),
    });
    if (!this.#tally.isFirst(actor, code, clock.nowMs())) return;
    audit.refuse({
      act: 'mux.limit_breached',
      outcome: 'refused',
      actor,
      ...(requestId === undefined ? {} : { requestId }),
      ...(object === undefined ? {} : { object }),
      facts: { code },
    });
  }

  /** Tells how many breaches followed, until the signal aborts, and then what is left. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.timers.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
      this.#tell(signal.aborted);
    }
  }

  #tell(isLast: boolean): void {
    for (const { actor, ...facts } of this.#tally.due(this.#deps.clock.nowMs(), isLast)) {
      this.#deps.audit.refuse({
        act: 'mux.breaches_counted',
        outcome: 'refused',
        actor,
        facts,
      });
    }
  }
}
