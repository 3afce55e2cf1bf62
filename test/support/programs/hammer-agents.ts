/**
 * One of several processes that claim the same sessions, keep and decide the same events, write the same policy, and raise
 * and say the same: `hammer-agents.ts <mongodb-url> <task>`. Says `ready`, waits for a line, does its task, and says as
 * JSON how often each outcome came.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MongoAlertLog } from '../../../src/adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import { MongoAgentEventStore } from '../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { MongoSubscriberDirectory } from '../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import { FIRST_BOOK, withPolicy } from '../../../src/domain/control/policy-book.ts';
import { agent, anAgentEvent, anAskingEvent, policyIn, resolvedEvent } from '../agent-event-builders.ts';
import { anAlertRaise } from '../alert-builders.ts';
import type { AgentsTask } from '../hammer.ts';
import { T0 } from '../ledger-builders.ts';
import { aSubscriber, left, muxId, owner } from '../subscriber-builders.ts';

const [url = '', text = ''] = process.argv.slice(2);
const { kind, number, times } = JSON.parse(text) as AgentsTask;
const store = await MongoStore.open(url);
const noActs = async (): Promise<void> => undefined;
const sessions = new MongoSubscriberDirectory(store, noActs);
const events = new MongoAgentEventStore(store, noActs);
const policies = new MongoPolicyStore(store, noActs);
const alerts = new MongoAlertLog(store);
const inventories = new MongoMcpInventories(store);

const bounds = { all: 999, detached: 999 };
const told = [{ act: 'race', outcome: 'done' }] as const;

/** What one turn of a task comes to. */
const TURNS: Readonly<Record<AgentsTask['kind'], (turn: number) => Promise<string>>> = {
  claim: async (turn) => {
    const claimed = aSubscriber({ id: muxId(turn), owner: owner(number) }, `claimed by ${number}`);
    return (await sessions.put(claimed, { expected: undefined, bounds })).kind;
  },
  'take-back': async (turn) => {
    const gone = left(aSubscriber({ id: muxId(turn) }), T0);
    const back = { ...aSubscriber({ id: muxId(turn) }), mark: `back by ${number}` };
    return (await sessions.put(back, { expected: gone.mark, bounds }, told)).kind;
  },
  record: async (turn) => {
    const [outcome] = await events.record([anAgentEvent(turn)], { maxPendingReviews: 9 });
    return outcome?.kind ?? 'nothing';
  },
  decide: async (turn) => {
    const decided = { ...resolvedEvent(anAskingEvent(turn)), mark: `decided by ${number}` };
    return events.put(decided, anAskingEvent(turn).mark, told);
  },
  policy: () => policies.write(withPolicy(FIRST_BOOK, policyIn('hitl')), told),
  raise: async () => {
    await alerts.raise(anAlertRaise());
    return 'raised';
  },
  inventory: async () => {
    const servers = ['a', 'b', 'c'].map((name) => ({
      name: `${name}-${number}`,
      transport: '',
      endpoint: '',
    }));
    await inventories.replace({ owner: agent(1), sessionId: 'sess-1' }, servers, T0);
    return 'said';
  },
};

process.stdout.write('ready\n');
await once(createInterface(process.stdin), 'line');
const outcomes: Record<string, number> = {};
const turns = Array.from({ length: times }, (_, turn) => TURNS[kind](turn));
for (const outcome of await Promise.all(turns)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await store.close();
process.exit(0);
