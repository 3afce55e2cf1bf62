import { SqliteReservationLedger } from '../../src/adapters/outbound/sqlite/accounting/sqlite-reservation-ledger.ts';
import { SqliteAuditLog } from '../../src/adapters/outbound/sqlite/audit/sqlite-audit-log.ts';
import { SqliteAgentEventStore } from '../../src/adapters/outbound/sqlite/control/sqlite-agent-event-store.ts';
import { SqliteMcpInventories } from '../../src/adapters/outbound/sqlite/control/sqlite-mcp-inventories.ts';
import { SqlitePolicyStore } from '../../src/adapters/outbound/sqlite/control/sqlite-policy-store.ts';
import { SqliteApiKeyRepository } from '../../src/adapters/outbound/sqlite/identity/sqlite-api-key-repository.ts';
import { SqliteLoginSessionRepository } from '../../src/adapters/outbound/sqlite/identity/sqlite-login-session-repository.ts';
import { SqliteUserRepository } from '../../src/adapters/outbound/sqlite/identity/sqlite-user-repository.ts';
import type { SqliteStore } from '../../src/adapters/outbound/sqlite/sqlite-store.ts';
import { openStreamingStore } from '../../src/adapters/outbound/sqlite/streaming/open-streaming-store.ts';
import { NodeDigest } from '../../src/adapters/outbound/system/node-digest.ts';
import type { ReservationLedger } from '../../src/application/ports/accounting/reservation-ledger.ts';
import type { AgentEventStore } from '../../src/application/ports/control/agent-event-store.ts';
import type { McpInventories } from '../../src/application/ports/control/mcp-inventories.ts';
import type { PolicyStore } from '../../src/application/ports/control/policy-store.ts';
import type { ApiKeyRepository } from '../../src/application/ports/identity/api-key-repository.ts';
import type { LoginSessionRepository } from '../../src/application/ports/identity/login-session-repository.ts';
import type { UserRepository } from '../../src/application/ports/identity/user-repository.ts';
import type { ChatRepository } from '../../src/application/ports/streaming/chat-repository.ts';
import type { EventLog } from '../../src/application/ports/streaming/event-log.ts';
import type { StreamRepository } from '../../src/application/ports/streaming/stream-repository.ts';
import { HOLD_LIFETIME_MS } from '../../src/domain/accounting/credit-reservation.ts';
import { FIRST_BOOK, withOverride } from '../../src/domain/control/policy-book.ts';
import {
  chunkEvent,
  doneEvent,
  errorEvent,
  type StreamEvent,
  sessionEvent,
} from '../../src/domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../src/domain/streaming/stream-id.ts';
import { StreamingSession } from '../../src/domain/streaming/streaming-session.ts';
import {
  agent,
  anAgentEvent,
  anAskingEvent,
  orphanedEvent,
  policyIn,
  resolvedEvent,
} from './agent-event-builders.ts';
import { aControlKey, aCookieSession, aKey, aSession, aUser } from './identity-builders.ts';
import { act, aGrant, aRequest, credits, streamId, T0, user } from './ledger-builders.ts';
import { NODE_1 } from './stream-builders.ts';

/** The chat of the populated store; its streams are `streamId(1)` to `streamId(4)`. */
export const CHAT = 'chat-1' as ChatId;
const TEXT = 'An answer in two pieces.';

/**
 * Fills a store with one of everything: users, logins and keys; stream 1 finished and settled, 2 interrupted and settled, 3 finished with
 * its intent pending, 4 running; holds that were released, expired with a late report, and voided; a deduction,
 * adjustments both ways and a grant that has lapsed. The audit log has begun.
 */
export async function populate(store: SqliteStore): Promise<void> {
  const ledger = new SqliteReservationLedger(store);
  await populateWith({
    ledger,
    users: new SqliteUserRepository(store),
    sessions: new SqliteLoginSessionRepository(store),
    apiKeys: new SqliteApiKeyRepository(store),
    ...(await openStreamingStore(store)),
    agentEvents: new SqliteAgentEventStore(store),
    policies: new SqlitePolicyStore(store),
    inventories: new SqliteMcpInventories(store),
  });
  await new SqliteAuditLog(store).anchor();
}

/** The adapters of a store that is to be filled. */
interface Fillable {
  readonly ledger: ReservationLedger;
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly chats: ChatRepository;
  readonly streams: StreamRepository;
  readonly events: EventLog;
  readonly agentEvents: AgentEventStore;
  readonly policies: PolicyStore;
  readonly inventories: McpInventories;
}

/** Fills any store with the same, but for the audit log. */
export async function populateWith(fillable: Fillable): Promise<void> {
  const { ledger, chats, streams, events } = fillable;
  await populateIdentity(fillable);
  await ledger.grant(user(1), aGrant({ amountMicros: credits(100) }), act());
  await ledger.grant(user(1), aGrant({ id: 'short', expiresAtMs: T0 + 10 }), act());
  const chat = { id: CHAT, owner: user(1), title: 'A chat', modelId: 'handbook' };
  await chats.add({ ...chat, createdAtMs: T0, updatedAtMs: T0 }, undefined, 10);
  for (const number of [1, 2, 3, 4]) {
    const id = streamId(number) as StreamId;
    const running = await start(number, ledger, streams);
    const { firstOffset } = running.snapshot();
    const chunks = [TEXT.slice(0, 10), TEXT.slice(10)].map((text, index) =>
      chunkEvent(firstOffset + 1 + index, text, index + 1),
    );
    await events.append(id, chunks);
    if (number === 4) break;
    const tokens = await end(running, number === 2, firstOffset + 3, streams);
    if (number === 3) continue;
    await ledger.settle(id, tokens, number === 1, T0 + 50);
    await streams.acknowledgeIntent(id);
  }
  await populateLedger(ledger);
  await populateControl(fillable);
}

/** Users 1 and 2; of the first a login whose token was exchanged, one by cookie, one that has ended, and a key; an agent's key, and one that was revoked. */
async function populateIdentity({ users, sessions, apiKeys }: Fillable): Promise<void> {
  for (const number of [1, 2]) await users.add(aUser(number));
  await sessions.begin(aSession(1), 'token-1');
  await sessions.rotate('token-1', 'token-2', T0 + 1);
  await sessions.beginCookie(aCookieSession(2), 'cookie-2');
  await sessions.begin(aSession(3), 'token-3');
  await sessions.end(aSession(3).id, T0 + 2);
  for (const key of [aKey(1), aControlKey(2), aKey(3, { expiresAtMs: T0 + 9 })]) await apiKeys.add(key, 9);
  await apiKeys.revoke(aKey(3).id, T0 + 3);
}

/** Events 1 to 6: kept, delivered, due and without a connection, asking, approved, and one that could not be classified. */
async function populateControl({ agentEvents, policies, inventories }: Fillable): Promise<void> {
  const asked = anAskingEvent(5);
  const unclassified = { found: { kind: 'error', reason: 'It took too long.' } } as const;
  const kept = [
    anAgentEvent(1, { mode: 'alert' }),
    anAgentEvent(2),
    orphanedEvent(anAgentEvent(3)),
    anAskingEvent(4),
    asked,
    anAgentEvent(6, { ...unclassified, claims: { eventId: 'event-1' } }),
  ];
  await agentEvents.record(kept, { maxPendingReviews: 9 });
  await agentEvents.delivered([anAgentEvent(2)]);
  await agentEvents.put(resolvedEvent(asked), asked.mark);
  await policies.write(withOverride(FIRST_BOOK, 'night.watch', policyIn('hitl')), []);
  const server = { name: 'files', transport: 'stdio', endpoint: '/usr/bin/files' };
  for (const sessionId of ['sess-1', 'sess-2']) {
    await inventories.replace({ owner: agent(1), sessionId }, [server, { ...server, name: 'web' }], T0);
  }
}

async function start(
  number: number,
  ledger: ReservationLedger,
  streams: StreamRepository,
): Promise<StreamingSession> {
  const id = streamId(number) as StreamId;
  const facts = { id, owner: user(1), chatId: CHAT, modelId: 'handbook', promptTokens: 100, openedAtMs: T0 };
  const session = { ...facts, node: NODE_1, state: 'opening' as const };
  const message = { role: 'user' as const, content: 'A question', timestampMs: T0, streamId: id };
  const claimed = await streams.claim({ session, message });
  if (claimed.kind !== 'claimed') throw new Error(`the slot was not to be had: ${claimed.kind}`);
  const hold = await ledger.reserve(user(1), aRequest({ id }), T0 + 20);
  const running = StreamingSession.restore(claimed.session).activate(hold, 100);
  const startedAt = new Date(T0).toISOString();
  const { firstOffset } = claimed.session;
  const named = { streamingSessionId: id, chatSessionId: CHAT, modelId: 'handbook', startedAt };
  await streams.activate(running.snapshot(), sessionEvent(firstOffset, named));
  return running;
}

async function end(
  running: StreamingSession,
  interrupted: boolean,
  lastOffset: number,
  streams: StreamRepository,
): Promise<number> {
  const usage = { upstreamCalled: true, outputTokens: 2 };
  const how = { usage, lastOffset, nowMs: T0 + 40 };
  const ended = interrupted ? running.interrupt(how) : running.finish({ ...how, finishReason: 'stop' });
  const session = ended.snapshot();
  if (session.end === undefined) throw new Error('an ended stream has an end');
  const { inputTokens, outputTokens, chargeMicros } = session.end;
  const facts = { inputTokens, outputTokens, chargeMicros };
  const textSha256 = new NodeDigest().sha256Hex(TEXT);
  const terminal: StreamEvent = interrupted
    ? errorEvent(lastOffset, {
        ...facts,
        code: 'stream.interrupted',
        message: 'Interrupted',
        retryable: true,
      })
    : doneEvent(lastOffset, { ...facts, finishReason: 'stop', textSha256 });
  const tokens = inputTokens + outputTokens;
  const intent = { kind: 'finalize' as const, id: session.id, tokens, success: !interrupted };
  const message = {
    role: 'assistant' as const,
    content: TEXT,
    timestampMs: T0 + 40,
    streamId: session.id,
    streamState: session.state,
  };
  await streams.seal({ session, terminal, intent, message });
  return tokens;
}

async function populateLedger(ledger: ReservationLedger): Promise<void> {
  for (const number of [5, 6]) await ledger.reserve(user(1), aRequest({ id: streamId(number) }), T0 + 60);
  await ledger.release(streamId(5), 150, T0 + 61);
  await ledger.release(streamId(7), 0, T0 + 62);
  await ledger.extend(streamId(6), 120, T0 + 63);
  for (const number of [3, 4]) await ledger.extend(streamId(number), 100, T0 + 5_000);
  await ledger.expireDue(T0 + 63 + HOLD_LIFETIME_MS, 10);
  await ledger.settle(streamId(6), 200, true, T0 + 64 + HOLD_LIFETIME_MS);
  await ledger.deduct(user(1), { id: 'd', amountMicros: credits(2), service: 'printing' }, act(T0 + 70));
  const expiresAtMs = T0 + 86_400_000;
  for (const by of [credits(3), -credits(1)]) {
    await ledger.adjust(user(1), { id: `by${by}`, target: { by }, expiresAtMs }, act(T0 + 71));
  }
}
