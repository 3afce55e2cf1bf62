import type { Collection, Document } from 'mongodb';
import type {
  Moved,
  MovedTable,
  MoveMark,
  MoveTarget,
  TableProgress,
} from '../../../../application/ports/store-migration.ts';
import type { CreditAccountState } from '../../../../domain/accounting/credit-account.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import {
  ACCOUNTS,
  type AccountDocument,
  GRANTS,
  JOURNAL,
  RESERVATIONS,
  USAGE,
} from '../accounting/ledger-documents.ts';
import { ALERTS } from '../alerts/alert-documents.ts';
import { AUDIT_ANCHORS, AUDIT_LOG } from '../audit/audit-documents.ts';
import { AGENT_EVENTS, MCP_INVENTORIES, POLICY_BOOKS } from '../control/control-documents.ts';
import {
  API_KEYS,
  LOGIN_SESSIONS,
  REVOCATIONS,
  SIGNING_KEYS,
  USERS,
} from '../identity/identity-documents.ts';
import { insertMissing } from '../insert-missing.ts';
import { isConflict } from '../mongo-fault.ts';
import type { MongoStore } from '../mongo-store.ts';
import { SUBSCRIBERS } from '../multiplexing/subscriber-documents.ts';
import { COLLECTIONS } from '../schema.ts';
import { CHATS, INTENTS, MESSAGES, STREAMS } from '../streaming/streaming-documents.ts';
import { META, MIGRATION, type MigrationDocument, type StoredProgress } from './migration-mark.ts';
import { MAKERS, NUMBERED, type Placed, revocationHead } from './moved-documents.ts';

type Keyed = Document & { readonly _id: string | number };

/** The collection that has a document for each row of a table, or an entry. */
const ROWS: Readonly<Record<MovedTable, string>> = {
  users: USERS,
  logins: LOGIN_SESSIONS,
  apiKeys: API_KEYS,
  signingKeys: SIGNING_KEYS,
  revocations: REVOCATIONS,
  chats: CHATS,
  messages: MESSAGES,
  streams: STREAMS,
  intents: INTENTS,
  accounts: ACCOUNTS,
  grants: GRANTS,
  reservations: RESERVATIONS,
  journal: JOURNAL,
  usage: USAGE,
  auditRecords: AUDIT_LOG,
  auditAnchors: AUDIT_ANCHORS,
  subscribers: SUBSCRIBERS,
  alerts: ALERTS,
  agentEvents: AGENT_EVENTS,
  policyBooks: POLICY_BOOKS,
  inventories: MCP_INVENTORIES,
};

/** Tables whose documents have several rows each. */
const WITH_ENTRIES: ReadonlySet<MovedTable> = new Set(['journal', 'auditRecords']);

/** What a table begins with. */
const BEGIN: StoredProgress = { rows: 0, isDone: false, numbered: 0 };

/** A database to which an embedded store is moved, in the forms that the nodes of a fleet read. */
export class MongoMoveTarget implements MoveTarget {
  readonly #store: MongoStore;
  readonly #meta: Collection<MigrationDocument>;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#meta = store.collection(META);
  }

  async mark(): Promise<MoveMark | undefined> {
    return (await this.#found())?.move;
  }

  async begin(mark: MoveMark): Promise<'begun' | 'not-empty'> {
    await this.#store
      .write(() => this.#meta.insertOne({ _id: MIGRATION, move: mark, wasEmpty: false, tables: {} }))
      .catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
    if ((await this.#found())?.wasEmpty === true) return 'begun';
    // Whoever serves the database from now on meets the mark; whoever does already has left something in it.
    if (await this.#hasAnything()) {
      await this.#store.write(() => this.#meta.deleteOne({ _id: MIGRATION }));
      return 'not-empty';
    }
    await this.#store.write(() => this.#meta.updateOne({ _id: MIGRATION }, { $set: { wasEmpty: true } }));
    return 'begun';
  }

  async progress(table: MovedTable): Promise<TableProgress> {
    return this.#progress(table);
  }

  async put<Table extends MovedTable>(
    table: Table,
    rows: ReadonlyArray<Moved[Table]>,
    progress: TableProgress,
  ): Promise<void> {
    const { numbered } = await this.#progress(table);
    const placed = MAKERS[table](rows, numbered);
    await this.#insert(placed);
    const made = placed.filter(([collection]) => collection === NUMBERED[table]).length;
    if (table === 'revocations' && progress.isDone) await this.#insert(await this.#revocationHead());
    const stored: StoredProgress = { ...progress, numbered: numbered + made };
    await this.#store.write(() =>
      this.#meta.updateOne({ _id: MIGRATION }, { $set: { [`tables.${table}`]: stored } }),
    );
  }

  count(table: MovedTable): Promise<number> {
    const collection = this.#store.collection(ROWS[table]);
    return this.#store.read(async () => {
      if (!WITH_ENTRIES.has(table)) return collection.countDocuments();
      const [sum] = await collection
        .aggregate<{ readonly rows: number }>([
          { $group: { _id: null, rows: { $sum: { $size: '$entries' } } } },
        ])
        .toArray();
      return sum?.rows ?? 0;
    });
  }

  async sums(userIds: readonly UserId[]): Promise<ReadonlyMap<string, Omit<CreditAccountState, 'grants'>>> {
    const accounts: Collection<AccountDocument> = this.#store.collection(ACCOUNTS);
    const found = await this.#store.read(() =>
      accounts.find({ _id: { $in: [...userIds] } }, { projection: { sums: 1 } }).toArray(),
    );
    return new Map(found.map(({ _id, sums }) => [_id, { userId: _id, ...sums }]));
  }

  async complete(): Promise<void> {
    await this.#store.write(() =>
      this.#meta.updateOne({ _id: MIGRATION }, { $set: { 'move.isComplete': true } }),
    );
  }

  #found(): Promise<MigrationDocument | null> {
    return this.#store.read(() => this.#meta.findOne({ _id: MIGRATION }));
  }

  async #progress(table: MovedTable): Promise<StoredProgress> {
    return (await this.#found())?.tables[table] ?? BEGIN;
  }

  async #hasAnything(): Promise<boolean> {
    for (const collection of COLLECTIONS) {
      const first = await this.#store.read(() => this.#store.collection(collection).findOne());
      if (first !== null) return true;
    }
    return false;
  }

  async #revocationHead(): Promise<Placed[]> {
    const revocations: Collection<{ _id: number; atMs: number }> = this.#store.collection(REVOCATIONS);
    const found = await this.#store.read(() => revocations.find({}, { sort: { _id: 1 } }).toArray());
    return revocationHead(found.map(({ _id, atMs }) => ({ sequence: _id, atMs })));
  }

  /** What was inserted before an interruption has the same keys. */
  async #insert(placed: readonly Placed[]): Promise<void> {
    const byCollection = new Map<string, Keyed[]>();
    for (const [collection, document] of placed) {
      const documents = byCollection.get(collection) ?? [];
      documents.push(document as Keyed);
      byCollection.set(collection, documents);
    }
    for (const [collection, documents] of byCollection) {
      await this.#store.write(() => insertMissing(this.#store.collection<Keyed>(collection), documents));
    }
  }
}
