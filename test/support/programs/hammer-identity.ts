/**
 * One of several processes that write to the same accounts, logins and keys of a MongoDB: `hammer-identity.ts <url>
 * <task>`. Says `ready`, waits for a line, does its task, and says as JSON how often each outcome came.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openIdentityStore } from '../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import type { IdentityTask } from '../hammer.ts';
import { aKey, aSession, aTicket, aUser } from '../identity-builders.ts';
import { insist } from '../insist.ts';
import { T0, user } from '../ledger-builders.ts';

/** Numbers of one process's own things, so that they are nobody else's. */
const NUMBERS = 10_000;

const [url = '', text = ''] = process.argv.slice(2);
const task = JSON.parse(text) as IdentityTask;
const store = await MongoStore.open(url);
const { users, sessions, apiKeys, tickets, signingKeys } = openIdentityStore(store, async () => undefined);
const outcomes: Record<string, number> = {};
const count = (outcome: string): void => {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
};

/** What is done to each number from 1 on; `own` is a number that no other process has. */
const ACTS: Readonly<Record<IdentityTask['kind'], (number: number, own: number) => Promise<string>>> = {
  register: (number, own) => {
    const { usernameKey, emailKey } = aUser(number);
    // Half of them want the same username, the others the same email.
    return users.add(aUser(own, number % 2 === 0 ? { usernameKey } : { emailKey }));
  },
  demote: (_, own) => users.change(user(own), { role: 'user' }),
  refresh: async (number, own) => (await sessions.rotate(`r${number}`, `next-${own}`, T0 + 1)).kind,
  end: async (number) => `${await sessions.endOneOf(user(1), aSession(number).id, T0 + 1)}`,
  'end-all': async (number) => {
    // Those of user 1 last, so that others have begun to end them one by one.
    await sessions.endAllOf(user(task.times + 1 - number), T0 + 1);
    return 'done';
  },
  begin: async (_, own) => {
    await sessions.begin(aSession(own, { createdAtMs: T0 + own }), `r${own}`);
    return 'begun';
  },
  'add-key': (_, own) => apiKeys.add(aKey(own), task.atMost),
  'revoke-key': (number) => apiKeys.revoke(aKey(number).id, T0 + 1),
  'add-ticket': (_, own) => tickets.add(aTicket(own), { ofUser: task.atMost, inAll: NUMBERS }),
  'take-ticket': async (number) => `${(await tickets.take(`ticket-${number}`, T0)) !== undefined}`,
  'first-key': async (_, own) => {
    const key = { kid: `kid-${own}`, algorithm: 'EdDSA', privateJwk: '{}', createdAtMs: T0 } as const;
    return (await signingKeys.addFirst(key)).kid;
  },
};

process.stdout.write('ready\n');
await once(createInterface(process.stdin), 'line');
await Promise.all(
  Array.from({ length: task.times }, async (_, index) => {
    const number = index + 1;
    const own = task.number * NUMBERS + number;
    // Whoever had to wait for too long is refused and comes again, as services do.
    count(await insist(() => ACTS[task.kind](number, own)).catch(String));
  }),
);
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await store.close();
process.exit(0);
