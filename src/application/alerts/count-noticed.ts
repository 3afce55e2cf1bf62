import type { AlertId } from '../../domain/alerts/alert.ts';
import { AlertCounts, type DueAlert, type Noticed } from '../../domain/alerts/alert-counts.ts';
import type { AlertRules } from '../../domain/alerts/alert-rule.ts';
import type { AlertLog } from '../ports/alerts/alert-log.ts';
import type { Watchman } from '../ports/alerts/watchman.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';

/** How often what was counted is told, in milliseconds: no principal makes the store write more often. */
export const TELL_ALERTS_EVERY_MS = 1_000;
/** Most alerts that wait for a store that is away; more are told in the program's log alone. */
export const MAX_WAITING_ALERTS = 1_000;

interface Deps {
  readonly alerts: AlertLog;
  readonly rules: AlertRules;
  readonly clock: Clock;
  readonly ids: Pick<IdSource, 'uuid'>;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Counts what is noticed on this node, and stores what is enough for an alert within a second. */
export class CountNoticed implements Watchman {
  readonly #deps: Deps;
  readonly #counts: AlertCounts;
  #waiting: DueAlert[] = [];
  #isFailing = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#counts = new AlertCounts(deps.rules);
  }

  notice(noticed: Noticed): void {
    const { clock, metrics } = this.#deps;
    if (this.#counts.note(noticed, clock.nowMs())) {
      metrics.count('holdfast_alerts_total', { kind: noticed.kind });
    }
  }

  /** Tells alerts until the signal aborts, and then what is left. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.timers.sleep(TELL_ALERTS_EVERY_MS, signal).catch(() => undefined);
      await this.#tell(signal.aborted);
    }
  }

  async #tell(isLast: boolean): Promise<void> {
    this.#take(this.#counts.due(this.#deps.clock.nowMs(), isLast));
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!(await this.#raise(next))) return;
      this.#waiting.shift();
    }
  }

  /** False when the store is away, and it is to be tried again. */
  async #raise(due: DueAlert): Promise<boolean> {
    const { alerts, ids, log } = this.#deps;
    try {
      const alert = await alerts.raise({ ...due, id: ids.uuid() as AlertId });
      log.warn({ alert }, `alert: ${alert.kind}`);
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!(error instanceof PortError)) {
        log.error({ err: error, alert: due }, 'an alert could not be stored, by a mistake of ours');
        return true;
      }
      if (!this.#isFailing) log.warn({ err: error, alert: due }, 'alerts wait for the store');
      this.#isFailing = true;
      return false;
    }
  }

  #take(due: readonly DueAlert[]): void {
    const room = Math.max(0, MAX_WAITING_ALERTS - this.#waiting.length);
    this.#waiting.push(...due.slice(0, room));
    for (const alert of due.slice(room)) this.#deps.log.warn({ alert }, `alert, not stored: ${alert.kind}`);
  }
}
