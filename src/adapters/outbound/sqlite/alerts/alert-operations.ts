import { type Alert, type AlertRaise, alertOf, countedOn } from '../../../../domain/alerts/alert.ts';
import type { WriterDatabase } from '../operation.ts';
import { alertFrom } from './alert-rows.ts';

export interface RaiseAlertInput {
  readonly raise: AlertRaise;
  /** How many alerts are kept. */
  readonly kept: number;
}

/** The writes of alerts, by name. */
export const ALERT_OPERATIONS = { 'alerts.raise': raiseAlert };

function raiseAlert(db: WriterDatabase, { raise, kept }: RaiseAlertInput): Alert {
  const last = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM alerts').get()?.seq as number;
  const open = db
    .prepare(
      'SELECT * FROM alerts WHERE principal = ? AND kind = ? AND until_ms > ? ORDER BY seq DESC LIMIT 1',
    )
    .get(raise.principal, raise.kind, raise.atMs);
  const alert = open === undefined ? alertOf(raise, last + 1) : countedOn(alertFrom(open), raise, last + 1);
  db.prepare(
    `INSERT INTO alerts (seq, id, kind, principal, at_ms, until_ms, count, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, count = excluded.count, detail = excluded.detail`,
  ).run(
    alert.seq,
    alert.id,
    alert.kind,
    alert.principal,
    alert.atMs,
    alert.untilMs,
    alert.count,
    alert.detail,
  );
  db.prepare(
    'DELETE FROM alerts WHERE seq <= (SELECT seq FROM alerts ORDER BY seq DESC LIMIT 1 OFFSET ?)',
  ).run(kept);
  return alert;
}
