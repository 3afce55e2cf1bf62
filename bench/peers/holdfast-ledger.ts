/** Holdfast's embedded ledger, asked by 100 callers at once: reserve, then settle, with every rule on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteReservationLedger } from '../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { SqliteStore } from '../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { micros } from '../../src/domain/accounting/credits.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';

const CALLERS = 100;
const NOW_MS = 1_795_330_000_000;

const accounts = Number(process.argv[2]);
const operations = Number(process.argv[3]);

const folder = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'));
const store = await SqliteStore.open(join(folder, 'data'));
const ledger = new SqliteReservationLedger(store);
const act = { nowMs: NOW_MS, actor: 'system' };
await Promise.all(
  Array.from({ length: accounts }, (_, account) =>
    ledger.grant(
      `u${account}` as UserId,
      {
        id: `g${account}`,
        amountMicros: micros(1e12),
        remainingMicros: micros(1e12),
        grantedAtMs: NOW_MS,
        expiresAtMs: 9e12,
        source: 'allocation',
        grantedBy: 'system',
      },
      act,
    ),
  ),
);

const price = {
  modelId: 'm',
  estimatedTokens: 100,
  priceMicrosPer1000: micros(1_000_000),
  modelMaxOutputTokens: 4_096,
  capOutputTokens: 4_096,
};
let next = 0;
const caller = async (): Promise<void> => {
  while (next < operations) {
    const operation = next;
    next += 1;
    const id = `stream-${NOW_MS}-${String(operation).padStart(36, '0')}`;
    await ledger.reserve(`u${operation % accounts}` as UserId, { id, ...price }, NOW_MS);
    await ledger.settle(id, 200, true, NOW_MS);
  }
};
const startedAt = performance.now();
await Promise.all(Array.from({ length: CALLERS }, caller));
const perSecond = (operations * 1000) / (performance.now() - startedAt);
await store.close();
rmSync(folder, { recursive: true, force: true });
process.send?.({ perSecond });
