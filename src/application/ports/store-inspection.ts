import type { CreditAccountState } from '../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import type { ChainAnchor } from '../../domain/audit/audit-chain.ts';
import type { PendingAct } from '../../domain/audit/pending-act.ts';
import type { AgentEventState } from '../../domain/control/agent-event-state.ts';
import type { ApiKey } from '../../domain/identity/api-key.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { LoginSession } from '../../domain/identity/login-session.ts';
import type { User } from '../../domain/identity/user.ts';
import type { ChatMessage } from '../../domain/streaming/chat-session.ts';
import type { StreamEvent } from '../../domain/streaming/stream-event.ts';
import type { ChatId } from '../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { SettlementIntent } from './accounting/credit-holds.ts';
import type { JournalRow, UsageRecord } from './accounting/reservation-ledger.ts';
import type { AuditEntry } from './audit-log.ts';

/**
 * A row as it was found: its name (`table/key`), and its value unless it cannot be read back. `amiss`: in what the store's
 * own notes about the row do not go with it, such as a mark by which it is found.
 */
export type Seen<Value> =
  | { readonly row: string; readonly value: Value; readonly amiss?: string }
  | { readonly row: string; readonly unreadable: string };

/** An account without its grants. */
export type InspectedAccount = Omit<CreditAccountState, 'grants'>;

/** A grant and whose it is. */
export interface InspectedGrant {
  readonly userId: UserId;
  readonly grant: CreditGrant;
}

/** A chat, as far as its streams are concerned. */
export interface InspectedChat {
  readonly id: string;
  readonly owner: UserId;
  /** Offset of the last event of its ended streams; 0 when there is none. */
  readonly lastOffset: number;
  /** Which stream has its slot, where the row says it apart from its streams: one that is opening or running. */
  readonly slot?: string | 'free';
}

/** A message, and the chat that it stands in. */
export interface InspectedMessage {
  readonly chatId: ChatId;
  readonly message: ChatMessage;
}

/** A name that is kept apart from whose it is, as `username/…` or `email/…` with the form in which names are compared. */
export interface InspectedName {
  readonly name: string;
  readonly userId: UserId;
}

/** The stored log of a stream. `lastOffset` is what the row says, where it says it apart from its events. */
export interface InspectedLog {
  readonly events: readonly StreamEvent[];
  readonly lastOffset?: number;
}

/** Rows that were read together. */
export type Page<Value> = ReadonlyArray<Seen<Value>>;

/** The accounts of persons, and what lets them in. */
export interface IdentityPicture {
  users(): AsyncIterable<Page<User>>;
  /** Absent where a name is nowhere but with its user. */
  userNames?(): AsyncIterable<Page<InspectedName>>;
  logins(): AsyncIterable<Page<LoginSession>>;
  apiKeys(): AsyncIterable<Page<ApiKey>>;
  usersOf(ids: readonly string[]): Promise<Found<Seen<User>>>;
}

/**
 * One consistent picture of a store: everything as it stood at one moment. Tables are read page by page as they are gone
 * through, so that a large store fits in memory; lookups find the rows of many keys at once, and leave out the keys that
 * have none.
 */
export interface StorePicture {
  readonly identity: IdentityPicture;
  accounts(): AsyncIterable<Page<InspectedAccount>>;
  grants(): AsyncIterable<Page<InspectedGrant>>;
  reservations(): AsyncIterable<Page<CreditReservationState>>;
  /** In the order of cursors. */
  journal(): AsyncIterable<Page<JournalRow>>;
  usage(): AsyncIterable<Page<UsageRecord>>;
  chats(): AsyncIterable<Page<InspectedChat>>;
  /** Streams of one chat stand together, oldest first. */
  streams(): AsyncIterable<Page<StreamingSessionState>>;
  messages(): AsyncIterable<Page<InspectedMessage>>;
  intents(): AsyncIterable<Page<SettlementIntent>>;
  /** In the order in which they came. */
  agentEvents(): AsyncIterable<Page<AgentEventState>>;
  /** What is in a list of agents' events, with the place in it; absent where lists are indexes. */
  listedAgentEvents?(): AsyncIterable<Page<string>>;
  /** In the order of cursors. */
  auditRecords(): AsyncIterable<Page<AuditEntry>>;
  auditAnchors(): AsyncIterable<Page<ChainAnchor>>;
  /** Records that were stored with their acts and wait to be chained; absent where they are chained with them. */
  pendingActs?(): AsyncIterable<Page<PendingAct>>;

  reservationsOf(ids: readonly string[]): Promise<Found<Seen<CreditReservationState>>>;
  /** All journal rows with an id; more than one is a fault. */
  journalRowsOf(ids: readonly string[]): Promise<Found<Page<JournalRow>>>;
  usageRecordsOf(ids: readonly string[]): Promise<Found<Seen<UsageRecord>>>;
  chatsOf(ids: readonly string[]): Promise<Found<Seen<InspectedChat>>>;
  streamsOf(ids: readonly string[]): Promise<Found<Seen<StreamingSessionState>>>;
  /** What streams were asked and what they answered, by the streams' ids, in the order of the chat. */
  messagesOf(streams: readonly StreamingSessionState[]): Promise<Found<Page<InspectedMessage>>>;
  intentsOf(streamIds: readonly string[]): Promise<Found<Seen<SettlementIntent>>>;
  /** The logs of streams, by the streams' ids; none for a stream of which nothing is stored. */
  logsOf(streams: readonly StreamingSessionState[]): Promise<Found<Seen<InspectedLog>>>;
}

/** What was found, by its key. */
export type Found<Row> = ReadonlyMap<string, Row>;

/** Shows a store without changing it, also while servers write to it. */
export interface StoreInspection {
  /**
   * Calls `look` with a picture that is valid until its promise has settled.
   *
   * A store that cannot be sure that its picture is of one moment calls `look` a second time with a picture that is,
   * when what came of the first is `doubtful`, and gives what comes of that one.
   *
   * @throws PortError `unavailable` when the store cannot be read, or has forgotten the moment before `look` was done.
   */
  inspect<Out>(look: (picture: StorePicture) => Promise<Out>, doubtful: (out: Out) => boolean): Promise<Out>;
}
