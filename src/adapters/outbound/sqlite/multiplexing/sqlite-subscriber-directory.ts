import type {
  PutCondition,
  PutOutcome,
  Replaced,
  Replacement,
  SubscriberDirectory,
  SubscriberPage,
} from '../../../../application/ports/multiplexing/subscriber-directory.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { SubscriberBounds } from '../../../../domain/multiplexing/subscriber-bounds.ts';
import type { SubscriberId, SubscriberRealm } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../../domain/multiplexing/subscriber-state.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type {
  ExpireSubscribersInput,
  PutSubscriberInput,
  RemoveSubscriberInput,
  ReplaceSubscribersInput,
} from './subscriber-operations.ts';
import { subscriberFrom } from './subscriber-rows.ts';

/** Subscriptions in the embedded store. */
export class SqliteSubscriberDirectory implements SubscriberDirectory {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  find(id: SubscriberId): Promise<SubscriberState | undefined> {
    return this.#store.read((db) => {
      const row = db.prepare('SELECT state FROM subscribers WHERE id = ?').get(id);
      return row && subscriberFrom(row);
    });
  }

  put(
    next: SubscriberState,
    { expected, bounds }: PutCondition,
    audit?: readonly AuditRecord[],
  ): Promise<PutOutcome> {
    const input: PutSubscriberInput = { next, expected, bounds, audit };
    return this.#store.write('multiplexing.put-subscriber', input, 'full');
  }

  findAll(ids: readonly SubscriberId[]): Promise<readonly SubscriberState[]> {
    return this.#store.read((db) =>
      db
        .prepare('SELECT state FROM subscribers WHERE id IN (SELECT value FROM json_each(?))')
        .all(JSON.stringify(ids))
        .map(subscriberFrom),
    );
  }

  replaceAll(
    replacements: readonly Replacement[],
    bounds: Readonly<Record<SubscriberRealm, SubscriberBounds>>,
  ): Promise<Replaced> {
    const input: ReplaceSubscribersInput = { replacements, bounds };
    return this.#store.write('multiplexing.replace-subscribers', input, 'full');
  }

  remove(id: SubscriberId, expected: string, audit?: readonly AuditRecord[]): Promise<boolean> {
    const input: RemoveSubscriberInput = { id, expected, audit };
    return this.#store.write('multiplexing.remove-subscriber', input, 'full');
  }

  list({ realm, owner, after, limit }: SubscriberPage): Promise<readonly SubscriberState[]> {
    // The sign that follows the colon ends the realm's names.
    const [from, until] = [after ?? `${realm}:`, `${realm};`];
    const [whose, ...values] = owner === undefined ? ['1'] : ['owner = ?', owner];
    return this.#store.read((db) =>
      db
        .prepare(`SELECT state FROM subscribers WHERE ${whose} AND id > ? AND id < ? ORDER BY id LIMIT ?`)
        .all(...values, from, until, limit)
        .map(subscriberFrom),
    );
  }

  nodes(): Promise<readonly string[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT DISTINCT holder.value ->> 'node' AS node
           FROM subscribers, json_each(state, '$.holders') AS holder WHERE detached_at_ms IS NULL`,
        )
        .all()
        .map((row) => row.node as string),
    );
  }

  heldBy(node: string, limit: number): Promise<readonly SubscriberState[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          `SELECT state FROM subscribers WHERE detached_at_ms IS NULL AND EXISTS
             (SELECT 1 FROM json_each(state, '$.holders') AS holder WHERE holder.value ->> 'node' = ?) LIMIT ?`,
        )
        .all(node, limit)
        .map(subscriberFrom),
    );
  }

  expire(nowMs: number, limit: number): Promise<number> {
    const input: ExpireSubscribersInput = { nowMs, limit };
    return this.#store.write('multiplexing.expire-subscribers', input, 'normal');
  }
}
