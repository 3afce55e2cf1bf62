/**
 * One of several processes that record acts in the audit log of a MongoDB: `record-acts.ts <url> <task>`. Says `ready`,
 * waits for a line, does its acts, a few at a time, and says the name of each when it is done. May kill itself on the way.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MongoReservationLedger } from '../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { decideTransaction } from '../../../src/adapters/outbound/mongo/decide.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import type { AuditRecord } from '../../../src/domain/audit/audit-record.ts';
import { auditStore, type RecordingTask } from '../fleet-audit.ts';
import { act, aGrant, credits, user } from '../ledger-builders.ts';

/** Acts that are under way at once. */
const AT_ONCE = 6;

const [url = '', text = ''] = process.argv.slice(2);
const task = JSON.parse(text) as RecordingTask;
const store = await MongoStore.open(url);
const audit = auditStore(store);
const ledger = new MongoReservationLedger(store, { audit: audit.outbox });
audit.log.readsAfter(() => ledger.handOn());

/** Acts of three kinds: what is recorded by itself, in a transaction, and with the one write of an account. */
async function perform(number: number): Promise<void> {
  const name = `${task.name}-${number}`;
  const records: readonly AuditRecord[] = [{ act: 'test.done', outcome: 'done', object: name }];
  if (number % 3 === 0) await audit.log.append(records);
  if (number % 3 === 1) {
    await decideTransaction<true>(store, {
      attempt: async (session) => {
        await audit.recordActs(records, session);
        return true;
      },
      known: async () => undefined,
    });
  }
  if (number % 3 === 2) {
    const grant = aGrant({ id: name, amountMicros: credits(1) });
    await ledger.grant(user(1), grant, { ...act(), audit: records });
  }
  process.stdout.write(`${name}\n`);
}

process.stdout.write('ready\n');
await once(createInterface(process.stdin), 'line');
let next = 0;
let done = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < task.acts) {
      next += 1;
      await perform(next);
      done += 1;
      if (done === task.diesAfter) process.kill(process.pid, 'SIGKILL');
      if (done % 10 === 0) await audit.log.read({ afterCursor: 0, limit: 1 });
    }
  }),
);
await ledger.close();
await audit.close();
await store.close();
process.exit(0);
