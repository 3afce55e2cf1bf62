import type { Clock } from '../../../application/ports/clock.ts';
import type { OperationSet } from './operation.ts';
import type { SqliteStore } from './sqlite-store.ts';

const MARK = 'clock.mark';

/** What the store writes about time. */
export const CLOCK_OPERATIONS: OperationSet = {
  [MARK]: (db, atMs: number): void => {
    db.prepare(
      `INSERT INTO clock_mark (id, at_ms) VALUES (1, ?)
       ON CONFLICT (id) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)`,
    ).run(atMs);
  },
};

/** The latest time that the store has seen, in Unix milliseconds: no time in its rows is later. 0 for a new store. */
export function readClockMark(store: SqliteStore): Promise<number> {
  return store.read((db) => Number(db.prepare('SELECT at_ms FROM clock_mark').get()?.at_ms ?? 0));
}

/**
 * Marks each transaction with the time it was formed at. The mark is as durable as what it was written with, so
 * whatever survives a crash, a clock that begins at the mark is not behind it.
 */
export function keepClockMark(store: SqliteStore, clock: Clock): void {
  store.keepTime(() => clock.nowMs());
  store.addToEveryTransaction(MARK, () => clock.nowMs());
}

/** Writes the mark alone, which proves that the store can be written. @throws PortError when it cannot. */
export function writeClockMark(store: SqliteStore, clock: Clock): Promise<void> {
  return store.write(MARK, clock.nowMs(), 'normal');
}
