/**
 * One of several processes that hammer one account of a MongoDB: `hammer-account.ts <url> <task>`. Says `ready`, waits
 * for a line, does its task, and says as JSON how often each outcome came.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MongoReservationLedger } from '../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { DomainError } from '../../../src/domain/domain-error.ts';
import type { HammerTask } from '../hammer.ts';
import { act, aRequest, credits, streamId, T0, user } from '../ledger-builders.ts';

/** Operations of one process that are under way at once. */
const CALLERS = 20;

const [url = '', text = ''] = process.argv.slice(2);
const task = JSON.parse(text) as HammerTask;
const store = await MongoStore.open(url);
const ledger = new MongoReservationLedger(store);
const outcomes: Record<string, number> = {};

async function count(outcome: Promise<unknown>): Promise<void> {
  const name = await outcome.then(
    (value) =>
      typeof value === 'object' && value !== null && 'repeated' in value && value.repeated
        ? 'repeated'
        : 'done',
    (error: unknown) => (error instanceof DomainError ? error.code : String(error)),
  );
  outcomes[name] = (outcomes[name] ?? 0) + 1;
}

/** What one number stands for: the same in every process, so that processes meet on the same ids. */
function mixed(number: number): Promise<unknown> {
  const id = streamId(Math.floor(number / 5));
  switch (number % 5) {
    case 0:
      return ledger.reserve(user(1), aRequest({ id, modelMaxOutputTokens: 256 }), T0);
    case 1:
      return ledger.extend(id, 100, T0);
    case 2:
      return number % 3 === 0 ? ledger.release(id, 50, T0) : ledger.settle(id, 120, true, T0);
    case 3:
      return ledger.deduct(user(1), { id: `d-${number}`, amountMicros: credits(0.01), service: 'x' }, act());
    default:
      return ledger.expireDue(T0, 5);
  }
}

function perform(number: number): Promise<unknown> {
  if (task.kind === 'reserve') {
    return ledger.reserve(user(1), aRequest({ id: streamId(task.from + number) }), T0);
  }
  if (task.kind === 'settle') return ledger.settle(streamId(task.from + number), 400, true, T0);
  return mixed(task.from + number);
}

process.stdout.write('ready\n');
await once(createInterface(process.stdin), 'line');
let next = 0;
await Promise.all(
  Array.from({ length: CALLERS }, async () => {
    while (next < task.times) {
      const number = next;
      next += 1;
      await count(perform(number));
    }
  }),
);
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await ledger.close();
await store.close();
process.exit(0);
