/**
 * Writes to a store until its disk is full and prints what happened as JSON. Arguments: the data folder and,
 * where deleting something gives the disk room again, a file to delete.
 */
import { rmSync } from 'node:fs';
import { SqliteStore } from '../../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { PortError } from '../../../src/application/ports/port-error.ts';
import { PROBE_WRITER } from '../probe-store.ts';

const ROW_BYTES = 256 * 1024;
const MOST_ROWS = 1_000;
const [dataDir = '', filler] = process.argv.slice(2);
const store = await SqliteStore.open(dataDir, PROBE_WRITER);

const outcomeOf = (write: Promise<unknown>): Promise<string> =>
  write.then(
    () => 'written',
    (error: unknown) => (error instanceof PortError ? error.kind : String(error)),
  );
const ordinary = (): Promise<string> => outcomeOf(store.write('probe.insert-bytes', ROW_BYTES, 'full'));

let acknowledged = 0;
let refused = 'written';
while (acknowledged < MOST_ROWS) {
  refused = await ordinary();
  if (refused !== 'written') break;
  acknowledged += 1;
}
const essential = await outcomeOf(store.write('probe.insert', 'the end of a stream', 'full', 'essential'));
const afterwards = await ordinary();
if (filler !== undefined) rmSync(filler);
const withRoom = filler === undefined ? undefined : await ordinary();
const rows = await store.read(
  (db) => db.prepare('SELECT count(*) AS rows FROM probe WHERE length(text) = ?').get(ROW_BYTES)?.rows,
);
process.stdout.write(JSON.stringify({ acknowledged, refused, essential, afterwards, withRoom, rows }));
await store.close();
