import type { SQLOutputValue } from 'node:sqlite';
import type { Alert, AlertId, AlertKind } from '../../../../domain/alerts/alert.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';

/** Reads a row of alerts. */
export const alertFrom = (row: Readonly<Record<string, SQLOutputValue>>): Alert => ({
  id: row.id as AlertId,
  seq: row.seq as number,
  kind: row.kind as AlertKind,
  principal: row.principal as SubscriberOwner,
  atMs: row.at_ms as number,
  untilMs: row.until_ms as number,
  count: row.count as number,
  detail: row.detail as string,
});
