import { NodeDigest } from '../../src/adapters/outbound/system/node-digest.ts';
import type { AuditEntry } from '../../src/application/ports/audit-log.ts';
import {
  type Authenticate,
  anchored,
  type ChainAnchor,
  type ChainHead,
  chained,
  chainStart,
} from '../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditText } from '../../src/domain/audit/audit-record.ts';
import { T0 } from './ledger-builders.ts';

/** Authenticates in place of an HMAC: nobody forges in a test of rules. */
export const TEST_MAC: Authenticate = (text) => new NodeDigest().sha256Hex(`a test's key ${text}`);

/** A chain that begins with its start, and goes on with these records. */
export const aChain = (...records: readonly AuditRecord[]): AuditEntry[] => aChainAfter([], 'chain', records);

/** The same, begun when these entries were there. */
export function aChainAfter(
  before: readonly AuditEntry[],
  chain: string,
  records: readonly AuditRecord[],
  authenticate: Authenticate = TEST_MAC,
): AuditEntry[] {
  const previous = before.at(-1);
  const start = chainStart(previous && headOf(previous), {});
  const entries: AuditEntry[] = [];
  for (const record of [start, ...records]) {
    const said = { atMs: T0, text: auditText(record) };
    const next = chained({ chain, head: entries.at(-1) }, said, authenticate);
    entries.push({ ...next, cursor: before.length + entries.length + 1 });
  }
  return entries;
}

/** The anchor of a chain that was left in order. */
export function anchorOf(entries: readonly AuditEntry[]): ChainAnchor {
  const last = entries.at(-1);
  if (last === undefined) throw new Error('a chain has a start');
  return anchored(headOf(last), T0, TEST_MAC);
}

/** Where an entry stands. */
export const headOf = ({ chain, seq, mac }: AuditEntry): ChainHead => ({ chain, seq, mac });
