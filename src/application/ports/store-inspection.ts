import type { CreditAccountState } from '../../domain/accounting/credit-account.ts';
import type { CreditGrant } from '../../domain/accounting/credit-grant.ts';
import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import type { ChainAnchor } from '../../domain/audit/audit-chain.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { StreamEvent } from '../../domain/streaming/stream-event.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { SettlementIntent } from './accounting/credit-holds.ts';
import type { JournalRow, UsageRecord } from './accounting/reservation-ledger.ts';
import type { AuditEntry } from './audit-log.ts';

/** A row as it was found: its name (`table/key`), and its value unless it cannot be read back. */
export type Seen<Value> =
  | { readonly row: string; readonly value: Value }
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
  /** Offset of the last event of its ended streams; 0 when there is none. */
  readonly lastOffset: number;
}

/** The stored log of a stream. `lastOffset` is what the row says, where it says it apart from its events. */
export interface InspectedLog {
  readonly events: readonly StreamEvent[];
  readonly lastOffset?: number;
}

/**
 * One consistent picture of a store: everything as it stood at one moment. Iterations read as they go, so that a
 * large store fits in memory; lookups find rows by their keys.
 */
export interface StorePicture {
  accounts(): Iterable<Seen<InspectedAccount>>;
  grants(): Iterable<Seen<InspectedGrant>>;
  reservations(): Iterable<Seen<CreditReservationState>>;
  /** In the order of cursors. */
  journal(): Iterable<Seen<JournalRow>>;
  usage(): Iterable<Seen<UsageRecord>>;
  chats(): Iterable<Seen<InspectedChat>>;
  /** Streams of one chat stand together, oldest first. */
  streams(): Iterable<Seen<StreamingSessionState>>;
  intents(): Iterable<Seen<SettlementIntent>>;
  /** In the order of cursors. */
  auditRecords(): Iterable<Seen<AuditEntry>>;
  auditAnchors(): Iterable<Seen<ChainAnchor>>;

  reservation(id: string): Seen<CreditReservationState> | undefined;
  /** All journal rows with an id; more than one is a fault. */
  journalRows(id: string): ReadonlyArray<Seen<JournalRow>>;
  usageRecord(id: string): Seen<UsageRecord> | undefined;
  stream(id: string): Seen<StreamingSessionState> | undefined;
  intent(streamId: string): Seen<SettlementIntent> | undefined;
  /** The log of a stream; undefined when nothing is stored of it. */
  log(stream: StreamingSessionState): Seen<InspectedLog> | undefined;
}

/** Shows a store without changing it, also while a server writes to it. */
export interface StoreInspection {
  /**
   * Calls `look` with a picture that is valid until it returns.
   *
   * @throws PortError `unavailable` when the store cannot be read.
   */
  inspect<Out>(look: (picture: StorePicture) => Out): Promise<Out>;
}
