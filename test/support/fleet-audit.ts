import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import type { ChainWriter } from '../../src/adapters/outbound/mongo/audit/chain-end.ts';
import { MongoAuditReader } from '../../src/adapters/outbound/mongo/audit/mongo-audit-reader.ts';
import { type AuditStore, openAuditStore } from '../../src/adapters/outbound/mongo/audit/open-audit-store.ts';
import { MongoStoreInspection } from '../../src/adapters/outbound/mongo/inspection/mongo-store-inspection.ts';
import type { MongoStore } from '../../src/adapters/outbound/mongo/mongo-store.ts';
import { checkAudit } from '../../src/application/doctor/check-audit.ts';
import { Findings } from '../../src/application/doctor/findings.ts';
import type { AuditEntry } from '../../src/application/ports/audit-log.ts';
import type { Authenticate } from '../../src/domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom } from '../../src/domain/audit/audit-record.ts';
import { T0 } from './ledger-builders.ts';

/** What a process records: so many acts, each under its name and a number; it may kill itself after some. */
export interface RecordingTask {
  readonly name: string;
  readonly acts: number;
  readonly diesAfter?: number;
}

/** Lets a process do each task, all beginning at once. Gives the names of the acts of which they said that they were done. */
export async function recordInProcesses(url: string, tasks: readonly RecordingTask[]): Promise<string[]> {
  const program = new URL('programs/record-acts.ts', import.meta.url).pathname;
  const processes = tasks.map((task) => {
    const child = spawn(process.execPath, [program, url, JSON.stringify(task)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return { child, gone: once(child, 'exit'), lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
  });
  for (const { lines } of processes) await lines.next();
  for (const { child } of processes) child.stdin.write('go\n');
  const done = processes.map(async ({ gone, lines }) => {
    const names: string[] = [];
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) names.push(line.value);
    await gone;
    return names;
  });
  return (await Promise.all(done)).flat();
}

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
  const reader = new MongoAuditReader(store);
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

/** Sees that a fleet's audit log is what was written, as the doctor does. */
export async function expectWholeLog(store: MongoStore): Promise<void> {
  const findings = new Findings();
  const proof = { keys: [FLEET_MAC], heads: [] };
  await new MongoStoreInspection(store).inspect(
    (picture) => checkAudit(picture, findings, proof),
    () => false,
  );
  expect(findings.found).to.deep.equal([]);
}
