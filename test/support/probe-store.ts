import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../src/adapters/outbound/sqlite/sqlite-store.ts';

/** The writer thread with the probe's operations. */
export const PROBE_WRITER = new URL('./programs/probe-writer.ts', import.meta.url);

/** A store with the probe's operations, in a folder of its own. */
export interface ProbeStore {
  readonly store: SqliteStore;
  readonly dataDir: string;
  /** The texts that are stored, in order. */
  texts(): Promise<readonly unknown[]>;
  remove(): Promise<void>;
}

/** Opens a store whose operations write, refuse, break and die on demand. */
export async function probeStore(): Promise<ProbeStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-probe-'));
  const store = await SqliteStore.open(dataDir, PROBE_WRITER);
  return {
    store,
    dataDir,
    texts: () =>
      store.read((db) =>
        db
          .prepare('SELECT text FROM probe ORDER BY id')
          .all()
          .map(({ text }) => text),
      ),
    remove: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
