import type { CreditAccountState } from '../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import type { Alert } from '../../domain/alerts/alert.ts';
import type { ChainAnchor } from '../../domain/audit/audit-chain.ts';
import type { AgentEventState } from '../../domain/control/agent-event-state.ts';
import type { PolicyBook } from '../../domain/control/policy-book.ts';
import type { ApiKey } from '../../domain/identity/api-key.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { LoginSession } from '../../domain/identity/login-session.ts';
import type { User } from '../../domain/identity/user.ts';
import type { SubscriberState } from '../../domain/multiplexing/subscriber-state.ts';
import type { ChatMessage, ChatSummary } from '../../domain/streaming/chat-session.ts';
import type { ChatId } from '../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { SettlementIntent } from './accounting/credit-holds.ts';
import type { JournalRow, UsageRecord } from './accounting/reservation-ledger.ts';
import type { AuditEntry } from './audit-log.ts';
import type { StoredInventory } from './control/mcp-inventories.ts';
import type { Revocation } from './identity/revocation-log.ts';
import type { SigningKey } from './identity/signing-key-repository.ts';
import type { StartKey } from './streaming/stream-repository.ts';

/** A login with the hashes of its credentials; of its refresh tokens at most one is not spent. */
export interface MovedLogin {
  readonly session: LoginSession;
  readonly cookieSha256?: string;
  readonly tokens: ReadonlyArray<{ readonly sha256: string; readonly isSpent: boolean }>;
}

/** A stream with the lines of its log, as long as it has one. */
export interface MovedStream {
  readonly session: StreamingSessionState;
  readonly startKey?: StartKey;
  readonly log?: { readonly firstOffset: number; readonly lines: string };
}

/** An account with what decisions about it need: its grants with credit or a share in an open hold, and its open holds. */
export interface MovedAccount {
  readonly account: CreditAccountState;
  readonly holds: readonly CreditReservationState[];
  readonly scales: Readonly<Record<string, number>>;
}

/** Everything that moves from one store to another, by its table. */
export interface Moved {
  readonly users: User;
  readonly logins: MovedLogin;
  readonly apiKeys: ApiKey;
  readonly signingKeys: SigningKey;
  /** In the order of sequences. */
  readonly revocations: Revocation;
  readonly chats: { readonly chat: ChatSummary; readonly lastOffset: number };
  /** `place`: 0 for a chat's first message, the first offset of the stream it asks for, the last one of its answer. */
  readonly messages: { readonly chatId: ChatId; readonly place: number; readonly message: ChatMessage };
  /** None of them runs. */
  readonly streams: MovedStream;
  readonly intents: SettlementIntent;
  readonly accounts: MovedAccount;
  readonly grants: { readonly userId: UserId; readonly grant: CreditGrant };
  readonly reservations: CreditReservationState;
  /** In the order of cursors. */
  readonly journal: JournalRow;
  readonly usage: UsageRecord;
  /** In the order of cursors. */
  readonly auditRecords: AuditEntry;
  readonly auditAnchors: ChainAnchor;
  readonly subscribers: SubscriberState;
  /** In the order of their places. */
  readonly alerts: Alert;
  readonly agentEvents: AgentEventState;
  /** One, once there is any. */
  readonly policyBooks: PolicyBook;
  readonly inventories: StoredInventory;
}

/** The name of a table. */
export type MovedTable = keyof Moved;

/** All of them, in the order in which they move. */
export const MOVED_TABLES = [
  'users',
  'logins',
  'apiKeys',
  'signingKeys',
  'revocations',
  'chats',
  'messages',
  'streams',
  'intents',
  'accounts',
  'grants',
  'reservations',
  'journal',
  'usage',
  'auditRecords',
  'auditAnchors',
  'subscribers',
  'alerts',
  'agentEvents',
  'policyBooks',
  'inventories',
] as const satisfies readonly MovedTable[];

/** How far a table has come. */
export interface TableProgress {
  /** The place in the source after which it goes on; undefined at the begin. */
  readonly after?: string | number;
  /** Rows that are stored. */
  readonly rows: number;
  readonly isDone: boolean;
}

/** Rows that move together, and where the next ones come after. */
export interface MovedPage<Table extends MovedTable = MovedTable> {
  readonly rows: ReadonlyArray<Moved[Table]>;
  /** Undefined when there are no rows. */
  readonly after: string | number | undefined;
}

/** The mark of a move at one of its ends. `complete`: nothing is missing at the other end. */
export interface MoveMark {
  readonly id: string;
  /** The other end, without any secret. */
  readonly to: string;
  readonly isComplete: boolean;
}

/** A store that is moved. Nobody else writes to it for as long as it is open here, and nobody serves one that is marked. */
export interface MoveSource {
  mark(): MoveMark | undefined;
  /** Marks it, durably, or takes the mark away. */
  setMark(mark: MoveMark | undefined): void;
  /** Whether it has accounts with known passwords. */
  hasDemoAccounts(): Promise<boolean>;
  /** Ends what is open in it, once, before anything is read: nothing changes it from then on. */
  settle(): Promise<void>;
  /** The rows that come after a place. The same place gives the same rows, for as long as nobody writes. */
  page<Table extends MovedTable>(table: Table, after: string | number | undefined): Promise<MovedPage<Table>>;
  count(table: MovedTable): Promise<number>;
}

/** A store that another is moved to. No node serves it before it is complete. */
export interface MoveTarget {
  /** @throws PortError `unavailable`. */
  mark(): Promise<MoveMark | undefined>;
  /** Marks it as the target of a move, unless there is anything in it. A repeat is safe. @throws PortError. */
  begin(mark: MoveMark): Promise<'begun' | 'not-empty'>;
  /** @throws PortError `unavailable`. */
  progress(table: MovedTable): Promise<TableProgress>;
  /**
   * Stores rows as they are, and then how far the table has come. The same rows may come again after a write of which
   * nobody knows, or after a crash between the two: they are there once.
   *
   * @throws PortError; a repeat is safe.
   */
  put<Table extends MovedTable>(
    table: Table,
    rows: ReadonlyArray<Moved[Table]>,
    progress: TableProgress,
  ): Promise<void>;
  count(table: MovedTable): Promise<number>;
  /** The sums of accounts, by their users, as they are stored. */
  sums(userIds: readonly UserId[]): Promise<ReadonlyMap<string, Omit<CreditAccountState, 'grants'>>>;
  /** Lets nodes serve it. @throws PortError; a repeat is safe. */
  complete(): Promise<void>;
}
