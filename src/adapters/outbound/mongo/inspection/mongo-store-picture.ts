import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type { JournalRow, UsageRecord } from '../../../../application/ports/accounting/reservation-ledger.ts';
import type { AuditEntry } from '../../../../application/ports/audit-log.ts';
import type {
  Found,
  IdentityPicture,
  InspectedAccount,
  InspectedChat,
  InspectedGrant,
  InspectedLog,
  InspectedMessage,
  Page,
  Seen,
  StorePicture,
} from '../../../../application/ports/store-inspection.ts';
import type { CreditReservationState } from '../../../../domain/accounting/credit-reservation.ts';
import type { ChainAnchor } from '../../../../domain/audit/audit-chain.ts';
import type { PendingAct } from '../../../../domain/audit/pending-act.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import { agentEvents } from './agent-event-table.ts';
import { AuditTables } from './audit-tables.ts';
import { LedgerTables } from './ledger-tables.ts';
import type { Moment } from './moment.ts';
import { MongoIdentityPicture } from './mongo-identity-picture.ts';
import { StreamTables } from './stream-tables.ts';

/** The collections of a fleet's store at one moment, in the form of tables. */
export class MongoStorePicture implements StorePicture {
  readonly identity: IdentityPicture;
  readonly #ledger: LedgerTables;
  readonly #streams: StreamTables;
  readonly #audit: AuditTables;
  readonly #moment: Moment;

  constructor(moment: Moment) {
    this.identity = new MongoIdentityPicture(moment);
    this.#ledger = new LedgerTables(moment);
    this.#streams = new StreamTables(moment);
    this.#audit = new AuditTables(moment);
    this.#moment = moment;
  }

  accounts(): AsyncIterable<Page<InspectedAccount>> {
    return this.#ledger.accounts();
  }

  grants(): AsyncIterable<Page<InspectedGrant>> {
    return this.#ledger.grants();
  }

  reservations(): AsyncIterable<Page<CreditReservationState>> {
    return this.#ledger.reservations();
  }

  journal(): AsyncIterable<Page<JournalRow>> {
    return this.#ledger.journal();
  }

  usage(): AsyncIterable<Page<UsageRecord>> {
    return this.#ledger.usage();
  }

  chats(): AsyncIterable<Page<InspectedChat>> {
    return this.#streams.chats();
  }

  streams(): AsyncIterable<Page<StreamingSessionState>> {
    return this.#streams.streams();
  }

  messages(): AsyncIterable<Page<InspectedMessage>> {
    return this.#streams.messages();
  }

  intents(): AsyncIterable<Page<SettlementIntent>> {
    return this.#streams.intents();
  }

  agentEvents(): AsyncIterable<Page<AgentEventState>> {
    return agentEvents(this.#moment);
  }

  auditRecords(): AsyncIterable<Page<AuditEntry>> {
    return this.#audit.records();
  }

  auditAnchors(): AsyncIterable<Page<ChainAnchor>> {
    return this.#audit.anchors();
  }

  pendingActs(): AsyncIterable<Page<PendingAct>> {
    return this.#audit.pending();
  }

  reservationsOf(ids: readonly string[]): Promise<Found<Seen<CreditReservationState>>> {
    return this.#ledger.reservationsOf(ids);
  }

  journalRowsOf(ids: readonly string[]): Promise<Found<Page<JournalRow>>> {
    return this.#ledger.journalRowsOf(ids);
  }

  usageRecordsOf(ids: readonly string[]): Promise<Found<Seen<UsageRecord>>> {
    return this.#ledger.usageRecordsOf(ids);
  }

  chatsOf(ids: readonly string[]): Promise<Found<Seen<InspectedChat>>> {
    return this.#streams.chatsOf(ids);
  }

  messagesOf(streams: readonly StreamingSessionState[]): Promise<Found<Page<InspectedMessage>>> {
    return this.#streams.messagesOf(streams);
  }

  streamsOf(ids: readonly string[]): Promise<Found<Seen<StreamingSessionState>>> {
    return this.#streams.streamsOf(ids);
  }

  intentsOf(streamIds: readonly string[]): Promise<Found<Seen<SettlementIntent>>> {
    return this.#streams.intentsOf(streamIds);
  }

  logsOf(streams: readonly StreamingSessionState[]): Promise<Found<Seen<InspectedLog>>> {
    return this.#streams.logsOf(streams);
  }
}
