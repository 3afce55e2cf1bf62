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
    const open = this.#alerts.find((alert) => isOpenFor(alert, raise));
    const alert = open === undefined ? alertOf(raise, this.#last) : countedOn(open, raise, this.#last);
    this.#alerts = [...this.#alerts.filter((other) => other !== open), alert].slice(-this.#kept);
    return alert;
  }

  async list({ after, limit }: { after: number; limit: number }): Promise<readonly Alert[]> {
    return this.#alerts.filter(({ seq }) => seq > after).slice(0, limit);
  }
}
