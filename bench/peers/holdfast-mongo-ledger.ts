/** Holdfast's ledger on MongoDB, asked by 100 callers at once: reserve, then settle, until all has been handed on. */
import { MongoReservationLedger } from '../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoStore } from '../../src/adapters/outbound/mongo/mongo-store.ts';
import { micros } from '../../src/domain/accounting/credits.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';

const CALLERS = 100;
const NOW_MS = 1_795_330_000_000;

const [url = '', accountsText, pairsText] = process.argv.slice(2);
const [accounts, pairs] = [Number(accountsText), Number(pairsText)];

const store = await MongoStore.open(url);
const ledger = new MongoReservationLedger(store);
const act = { nowMs: NOW_MS, actor: 'system' };
const grant = {
  amountMicros: micros(1e12),
  remainingMicros: micros(1e12),
  grantedAtMs: NOW_MS,
  expiresAtMs: 9e12,
  source: 'allocation',
  grantedBy: 'system',
} as const;
let given = 0;
const giver = async (): Promise<void> => {
  while (given < accounts) {
    const account = given;
    given += 1;
    await ledger.grant(`u${account}` as UserId, { id: `g${account}`, ...grant }, act);
  }
};
await Promise.all(Array.from({ length: CALLERS }, giver));
const everything = { afterCursor: Number.MAX_SAFE_INTEGER, limit: 1 };
await ledger.journal(everything);

const price = {
  modelId: 'm',
  estimatedTokens: 100,
  priceMicrosPer1000: micros(1_000_000),
  modelMaxOutputTokens: 4_096,
  capOutputTokens: 4_096,
};
let next = 0;
const caller = async (): Promise<void> => {
  while (next < pairs) {
    const pair = next;
    next += 1;
    const id = `stream-${NOW_MS}-${String(pair).padStart(36, '0')}`;
    await ledger.reserve(`u${pair % accounts}` as UserId, { id, ...price }, NOW_MS);
    await ledger.settle(id, 200, true, NOW_MS);
  }
};
const startedAt = performance.now();
await Promise.all(Array.from({ length: CALLERS }, caller));
await ledger.journal(everything);
const perSecond = (pairs * 1000) / (performance.now() - startedAt);
await ledger.close();
await store.close();
process.send?.({ perSecond });
