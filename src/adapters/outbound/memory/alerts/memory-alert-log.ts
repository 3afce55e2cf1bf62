import { type AlertLog, MAX_ALERTS } from '../../../../application/ports/alerts/alert-log.ts';
import {
  type Alert,
  type AlertRaise,
  alertOf,
  countedOn,
  isOpenFor,
} from '../../../../domain/alerts/alert.ts';

/** Alerts in one process's memory. */
export class MemoryAlertLog implements AlertLog {
  readonly #kept: number;
  #alerts: readonly Alert[] = [];
  #last = 0;

  constructor(kept = MAX_ALERTS) {
    this.#kept = kept;
  }

  async raise(raise: AlertRaise): Promise<Alert> {
    this.#last += 1;
    // What comes late falls before the ends of several: it is counted into the one that is open for the longest.
    const [open] = this.#alerts
      .filter((alert) => isOpenFor(alert, raise))
      .toSorted((left, right) => right.untilMs - left.untilMs);
    const alert = open === undefined ? alertOf(raise, this.#last) : countedOn(open, raise, this.#last);
    this.#alerts = [...this.#alerts.filter((other) => other !== open), alert].slice(-this.#kept);
    return alert;
  }

  async list({ after, limit }: { after: number; limit: number }): Promise<readonly Alert[]> {
    return this.#alerts.filter(({ seq }) => seq > after).slice(0, limit);
  }
}
