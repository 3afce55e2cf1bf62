import { expect } from 'chai';
import { MongoReservationLedger } from '../../../src/adapters/outbound/mongo/accounting/mongo-reservation-ledger.ts';
import { MongoAlertLog } from '../../../src/adapters/outbound/mongo/alerts/mongo-alert-log.ts';
import { MongoAgentEventStore } from '../../../src/adapters/outbound/mongo/control/mongo-agent-event-store.ts';
import { MongoMcpInventories } from '../../../src/adapters/outbound/mongo/control/mongo-mcp-inventories.ts';
import { MongoPolicyStore } from '../../../src/adapters/outbound/mongo/control/mongo-policy-store.ts';
import { MongoAttemptCounters } from '../../../src/adapters/outbound/mongo/fleet/mongo-attempt-counters.ts';
import { MongoLeases } from '../../../src/adapters/outbound/mongo/fleet/mongo-leases.ts';
import { MongoReaderMarks } from '../../../src/adapters/outbound/mongo/fleet/mongo-reader-marks.ts';
import { openIdentityStore } from '../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import { MongoStore } from '../../../src/adapters/outbound/mongo/mongo-store.ts';
import { MongoSubscriberDirectory } from '../../../src/adapters/outbound/mongo/multiplexing/mongo-subscriber-directory.ts';
import { INDEXES } from '../../../src/adapters/outbound/mongo/schema.ts';
import { openStreamingStore } from '../../../src/adapters/outbound/mongo/streaming/open-streaming-store.ts';
import type { AlertId } from '../../../src/domain/alerts/alert.ts';
import type { StreamId } from '../../../src/domain/streaming/stream-id.ts';
import { agent, eventIdOf, reviewIdOf } from '../../support/agent-event-builders.ts';
import { auditStore } from '../../support/fleet-audit.ts';
import { aCookieSession, aKey, aSession, aTicket, aUser, IDLE_MS } from '../../support/identity-builders.ts';
import { hasIndex, type Look, looksOf, serves } from '../../support/index-planner.ts';
import { DAY_MS, streamId, T0, user } from '../../support/ledger-builders.ts';
import { MongoProxy } from '../../support/mongo-proxy.ts';
import { type TemporaryMongo, temporaryMongo } from '../../support/mongodb.ts';
import { CHAT, populateWith } from '../../support/populated-store.ts';
import { NODE_1 } from '../../support/stream-builders.ts';
import { aSubscriber, left, muxId, owner } from '../../support/subscriber-builders.ts';

/** Looks through everything: at collections of a few documents, or where a person asks for all there is. */
const WHOLE: Readonly<Record<string, string>> = {
  signing_keys: 'a few keys',
  reader_marks: 'one document a node',
  chat_removals: 'what is being removed just now',
  users: 'an admin counts or searches names, and a part of a name is in no index',
  grants: 'an admin counts them',
};

/** Indexes by which a write of which nobody knows finds what it has ended. */
const ASKED_IN_DOUBT = ['login_sessions.ended-by', 'api_keys.ended-by'];

const LATE = T0 + 40 * DAY_MS;

describe('what nodes ask MongoDB for', function () {
  this.timeout(60_000);
  let mongo: TemporaryMongo;
  let proxy: MongoProxy;
  let store: MongoStore;
  let looks: Look[] = [];
  before(async () => {
    mongo = await temporaryMongo();
    proxy = new MongoProxy(mongo.url, (command) => {
      looks.push(...looksOf(command));
      return 'pass';
    });
    store = await MongoStore.open(await proxy.listen());
    looks = [];
    await useEverything(store);
  });
  after(async () => {
    await store.close();
    await proxy.close();
    await mongo.remove();
  });

  it('is found by an index, wherever there may be much', async () => {
    expect(new Set(looks.map(({ collection }) => collection)).size).to.be.greaterThan(25);
    const without = looks.filter((look) => !(look.collection in WHOLE) && !hasIndex(look, INDEXES));
    const told = without.map((look) => JSON.stringify({ ...look, filter: formOf(look.filter) }));
    expect([...new Set(told)]).to.deep.equal([]);
  });

  it('has a use for every index that neither decides a race nor forgets', () => {
    const idle = INDEXES.filter((index) => {
      const { unique, expireAfterSeconds } = index.options ?? {};
      if (unique === true || expireAfterSeconds !== undefined) return false;
      return !looks.some((look) => look.collection === index.collection && serves(index, look));
    });
    expect(idle.map(({ collection, name }) => `${collection}.${name}`)).to.deep.equal(ASKED_IN_DOUBT);
  });
});

/** Each port's reads and changes, on a store that has one of everything. */
async function useEverything(store: MongoStore): Promise<void> {
  const noActs = async (): Promise<void> => undefined;
  const ledger = new MongoReservationLedger(store);
  const identity = openIdentityStore(store, noActs);
  const streaming = openStreamingStore(store, noActs);
  const agentEvents = new MongoAgentEventStore(store, noActs);
  const inventories = new MongoMcpInventories(store);
  const policies = new MongoPolicyStore(store, noActs);
  await populateWith({ ledger, ...identity, ...streaming, agentEvents, policies, inventories });
  await useIdentity(identity);
  await useStreams(streaming);
  await useLedger(ledger);
  await useEvents(agentEvents);
  await inventories.list({ limit: 9 });
  await inventories.forget(LATE, 9);
  await useSubscribers(new MongoSubscriberDirectory(store, noActs));
  await useFleet(store);
  const audit = auditStore(store);
  await audit.log.append([{ act: 'login.begun', outcome: 'done', actor: 'system' }]);
  await audit.log.anchor();
  await audit.log.read({ afterCursor: 0, limit: 9 });
  await audit.log.heads(9);
  await audit.close();
  await ledger.close();
}

async function useIdentity({
  users,
  sessions,
  apiKeys,
  tickets,
  signingKeys,
  revocations,
}: ReturnType<typeof openIdentityStore>): Promise<void> {
  await users.find(user(1));
  await users.findByUsername('user1');
  await users.findByEmail('user1@example.org');
  await users.hasMark('demo');
  await users.search('user', { offset: 0, limit: 9 });
  await users.count();
  await users.add(aUser(3, { role: 'admin' }));
  await users.change(user(3), { role: 'user' });
  await sessions.beginCookie(aCookieSession(9), 'cookie-9', { cookieSha256: 'cookie-2' });
  await sessions.findByCookie('cookie-9');
  await sessions.touch(aSession(9).id, { nowMs: T0 + 100_000, idleMs: IDLE_MS });
  await sessions.rotate('token-2', 'token-9', T0 + 9);
  await sessions.endByToken('token-9', T0 + 10);
  await sessions.listLive(user(1), T0, 9);
  await sessions.endOneOf(user(1), aSession(9).id, T0 + 11);
  await sessions.endAllOf(user(1), T0 + 12);
  await sessions.begin(aSession(10, { createdAtMs: LATE, expiresAtMs: LATE + DAY_MS }), 'token-10');
  await apiKeys.listLive('everybody', T0, { offset: 0, limit: 9 });
  await apiKeys.listLive(user(1), T0);
  await apiKeys.touch(aKey(1).id, T0);
  await apiKeys.revokeAllOf(user(1), T0);
  await apiKeys.add(aKey(9, { createdAtMs: LATE }), 9);
  await tickets.add(aTicket(1), { ofUser: 9, inAll: 9 });
  await tickets.take(aTicket(1).sha256, T0);
  await signingKeys.list();
  await revocations.after(0, 9);
  await users.change(user(1), { deleted: { atMs: LATE, username: 'gone', email: 'gone@invalid' } });
}

async function useStreams({ chats, streams, events }: ReturnType<typeof openStreamingStore>): Promise<void> {
  const id = streamId(4) as StreamId;
  await chats.list(user(1), { offset: 0, limit: 9 });
  await chats.messages(CHAT, 9);
  await chats.rename(user(1), CHAT, 'Other', T0);
  await streams.findOwned(user(1), CHAT, id);
  await streams.whereabouts(id);
  await streams.latestOf(CHAT);
  await streams.tombstoneOf(CHAT);
  await streams.streamAt(CHAT, 3);
  await streams.logEnd(CHAT);
  await streams.active();
  await streams.active(user(1));
  await streams.drivers();
  await streams.drivenBy(NODE_1);
  await streams.wishStop(id);
  await streams.stopsWished(NODE_1);
  await streams.takeRoom({ id, owner: user(1) }, 1);
  await streams.takeRoom({ id: streamId(9) as StreamId, owner: user(1) }, 1);
  await streams.pendingIntents(9);
  await streams.expireEnded(LATE, 9);
  await events.read(id, 0, 9);
  const facts = {
    owner: user(1),
    modelId: 'handbook',
    node: NODE_1,
    state: 'opening',
    promptTokens: 1,
  } as const;
  const session = { ...facts, id: streamId(9) as StreamId, chatId: CHAT, openedAtMs: T0 };
  const message = { role: 'user', content: 'Again', timestampMs: T0 } as const;
  await streams.claim({ session, message, key: { key: 'k', route: 'r', bodySha256: 'f0' } });
  const other = { id: 'chat-2' as typeof CHAT, owner: user(1), title: 'Other', modelId: 'handbook' };
  await chats.add({ ...other, createdAtMs: T0, updatedAtMs: T0 }, message, 9);
  await chats.remove(user(1), other.id);
}

async function useLedger(ledger: MongoReservationLedger): Promise<void> {
  for (const userId of [undefined, user(1)]) {
    const of = userId === undefined ? {} : { userId };
    await ledger.grants({ ...of, offset: 0, limit: 9 });
    await ledger.usage({ ...of, limit: 9 });
    await ledger.usageTotals({ ...of, sinceMs: T0 });
    for (const openOnly of [true, false]) await ledger.reservations({ ...of, openOnly, limit: 9 });
  }
  await ledger.reservation(streamId(1));
  await ledger.journal({ afterCursor: 0, limit: 9 });
  await ledger.expireDue(LATE, 9);
}

async function useEvents(events: MongoAgentEventStore): Promise<void> {
  const page = { limit: 9, maxBytes: 9_999 } as const;
  const narrow = [
    {},
    { owner: agent(1) },
    { sessionId: 'sess-1' },
    { agentId: 'builder' },
    { reviewed: {} },
    { reviewed: { status: 'pending' } },
  ] as const;
  for (const order of ['newest-first', 'oldest-first'] as const) {
    for (const query of narrow) await events.list({ ...page, ...query, order });
  }
  await events.find(eventIdOf(1));
  await events.findByReview(reviewIdOf(4));
  await events.findNewest('event-1');
  await events.findNewest('event-1', agent(1));
  await events.due({ owner: agent(1), sessionId: 'sess-1' }, 9);
  await events.ofConnection('connection-1', 9);
  await events.dueRoutes(T0, 9);
  await events.overdue(LATE, 9);
  await events.pendingReviews();
  await events.statistics(T0);
  await events.lapse(LATE, 9);
  await events.forget(LATE, 9);
}

async function useSubscribers(directory: MongoSubscriberDirectory): Promise<void> {
  const bounds = { all: 2, detached: 1 };
  const states = [1, 2].map((number) => aSubscriber({ id: muxId(number) }));
  for (const state of states) await directory.put(state, { expected: undefined, bounds });
  const many = [3, 4].map((number) => aSubscriber({ id: muxId(number), owner: owner(2) }));
  for (const state of many) await directory.put(state, { expected: undefined, bounds });
  const gone = many.map((state) => ({ next: left(state, T0 + 1), expected: state.mark }));
  const replaced = await directory.replaceAll(gone, { mux: bounds, control: bounds });
  expect(replaced.released).to.have.length(1);
  await directory.replaceAll(gone, { mux: bounds, control: bounds });
  await directory.findAll(states.map(({ id }) => id));
  for (const state of states) {
    const gone = left(state, T0 + 1);
    await directory.put(gone, { expected: state.mark, bounds });
  }
  await directory.list({ realm: 'mux', limit: 9 });
  await directory.list({ realm: 'mux', owner: owner(1), limit: 9 });
  await directory.nodes();
  await directory.heldBy('node-1', 9);
  await directory.expire(LATE, 9);
}

async function useFleet(store: MongoStore): Promise<void> {
  const leases = new MongoLeases(store);
  await leases.hold('node:1', 'one', 1_000);
  await leases.list('node:');
  await leases.release('node:1', 'one');
  const counter = new MongoAttemptCounters(store).open({ name: 'logins', limit: 2, windowMs: 1_000 });
  await counter.count('anna');
  await counter.look('anna');
  await counter.giveBack('anna', 'window');
  await counter.forget('anna');
  const marks = new MongoReaderMarks(store);
  await marks.mark({ node: NODE_1, streams: [], atMs: T0 });
  await marks.since(T0);
  const raise = {
    kind: 'takeover.refused',
    principal: owner(1),
    atMs: T0,
    windowMs: 9,
    count: 1,
    detail: '',
  } as const;
  const alerts = new MongoAlertLog(store, 1);
  for (const [place, id] of ['one', 'two'].entries()) {
    await alerts.raise({ ...raise, atMs: T0 + place * 10, id: id as AlertId });
  }
  await alerts.list({ after: 0, limit: 9 });
}

/** A filter without its values. */
function formOf(said: unknown): unknown {
  if (Array.isArray(said)) return said.slice(0, 1).map(formOf);
  if (typeof said !== 'object' || said === null || '_bsontype' in said) return typeof said;
  return Object.fromEntries(Object.entries(said).map(([name, inner]) => [name, formOf(inner)]));
}
