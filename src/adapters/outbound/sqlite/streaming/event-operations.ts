import type { WriterDatabase } from '../operation.ts';

/** Stores the events that one group commit gathered, as one row. */
export function appendEvents(
  db: WriterDatabase,
  { batchId, body }: { readonly batchId: number; readonly body: string },
): void {
  db.prepare('INSERT INTO event_batches (id, body) VALUES (?, ?)').run(batchId, body);
}

/** Removes groups that hold no running stream's events any more. */
export function pruneEvents(
  db: WriterDatabase,
  { fromId, belowId }: { readonly fromId: number; readonly belowId: number },
): void {
  db.prepare('DELETE FROM event_batches WHERE id >= ? AND id < ?').run(fromId, belowId);
}
