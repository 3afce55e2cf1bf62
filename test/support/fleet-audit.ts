import { createHmac, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { ChainWriter } from '../../src/adapters/outbound/mongo/audit/chain-end.ts';
import {
  type AuditStore,
  openAuditReader,
  openAuditStore,
} from '../../src/adapters/outbound/mongo/audit/open-audit-store.ts';
import type { MongoStore } from '../../src/adapters/outbound/mongo/mongo-store.ts';
import { type AuditStanding, checkAudit } from '../../src/application/doctor/check-audit.ts';
import { Findings } from '../../src/application/doctor/findings.ts';
import type { AuditEntry } from '../../src/application/ports/audit-log.ts';
import type { Page, StorePicture } from '../../src/application/ports/store-inspection.ts';
import type { Authenticate, ChainHead } from '../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../src/domain/audit/audit-record.ts';
import { T0 } from './ledger-builders.ts';

/** Records that are read at once. */
const PAGE_RECORDS = 500;

/** HMAC under the audit key that all nodes of a test have. */
export const FLEET_MAC: Authenticate = (text) => createHmac('sha256', 'fleet').update(text).digest('hex');

/** What records acts on one node of a fleet. */
export const auditStore = (
  store: MongoStore,
  {
    keys = [FLEET_MAC],
    newChain = (): string => randomUUID(),
    nowMs = (): number => T0,
  }: { keys?: ChainWriter['keys']; newChain?: () => string; nowMs?: () => number } = {},
): AuditStore => openAuditStore(store, { keys, newChain, about: {} }, nowMs);

/** All that the chains have, in the order of cursors. */
export async function wholeAudit(store: MongoStore): Promise<readonly AuditEntry[]> {
  const reader = openAuditReader(store);
  const entries: AuditEntry[] = [];
  for (;;) {
    const page = await reader.read({ afterCursor: entries.at(-1)?.cursor ?? 0, limit: PAGE_RECORDS });
    entries.push(...page);
    if (page.length < PAGE_RECORDS) return entries;
  }
}

/** What is recorded, without the starts of chains. */
export const auditRecords = (entries: readonly AuditEntry[]): AuditRecord[] =>
  entries.map(({ text }) => auditRecordFrom(text)).filter(({ act }) => act !== 'audit.started');

/** Proves the audit log of a fleet as the doctor does. */
export async function examineAudit(
  store: MongoStore,
  heads: readonly ChainHead[] = [],
): Promise<{ readonly found: readonly string[]; readonly standing: AuditStanding }> {
  const anchors = await openAuditReader(store).anchors();
  const records = await wholeAudit(store);
  const page = async function* <Value>(table: string, values: readonly Value[]): AsyncGenerator<Page<Value>> {
    yield values.map((value, place) => ({ row: `${table}/${place}`, value }));
  };
  const picture: Pick<StorePicture, 'auditAnchors' | 'auditRecords' | 'accounts' | 'chats'> = {
    auditAnchors: () => page('audit_anchors', anchors),
    auditRecords: () => page('audit_records', records),
    accounts: () => page('accounts', []),
    chats: () => page('chats', []),
  };
  const findings = new Findings();
  const standing = await checkAudit(picture as StorePicture, findings, { keys: [FLEET_MAC], heads });
  return { found: findings.found.map(({ promise }) => promise), standing };
}

/** Sees that a fleet's audit log is what was written. */
export async function expectWholeLog(store: MongoStore): Promise<void> {
  expect((await examineAudit(store)).found).to.deep.equal([]);
}
