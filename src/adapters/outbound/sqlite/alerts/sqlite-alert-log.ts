import { type AlertLog, MAX_ALERTS } from '../../../../application/ports/alerts/alert-log.ts';
import type { Alert, AlertRaise } from '../../../../domain/alerts/alert.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { RaiseAlertInput } from './alert-operations.ts';
import { alertFrom } from './alert-rows.ts';

/** Alerts in the embedded store. */
export class SqliteAlertLog implements AlertLog {
  readonly #store: SqliteStore;
  readonly #kept: number;

  constructor(store: SqliteStore, kept = MAX_ALERTS) {
    this.#store = store;
    this.#kept = kept;
  }

  raise(raise: AlertRaise): Promise<Alert> {
    const input: RaiseAlertInput = { raise, kept: this.#kept };
    return this.#store.write('alerts.raise', input, 'full');
  }

  list({ after, limit }: { after: number; limit: number }): Promise<readonly Alert[]> {
    return this.#store.read((db) =>
      db.prepare('SELECT * FROM alerts WHERE seq > ? ORDER BY seq LIMIT ?').all(after, limit).map(alertFrom),
    );
  }
}
