import type {
  PutCondition,
  PutOutcome,
} from '../../../../application/ports/multiplexing/subscriber-directory.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import { crowdedOut, type SubscriberBounds } from '../../../../domain/multiplexing/subscriber-bounds.ts';
import { realmOf, type SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../../domain/multiplexing/subscriber-state.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { subscriberFrom } from './subscriber-rows.ts';

export interface PutSubscriberInput extends PutCondition {
  readonly next: SubscriberState;
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface RemoveSubscriberInput {
  readonly id: SubscriberId;
  readonly expected: string;
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface ExpireSubscribersInput {
  readonly nowMs: number;
  readonly limit: number;
}

/** The writes of subscriptions, by name. */
export const SUBSCRIBER_OPERATIONS = {
  'multiplexing.put-subscriber': putSubscriber,
  'multiplexing.remove-subscriber': removeSubscriber,
  'multiplexing.expire-subscribers': expireSubscribers,
};

function putSubscriber(db: Transaction, { next, expected, bounds, audit }: PutSubscriberInput): PutOutcome {
  const present = db.prepare('SELECT mark, owner FROM subscribers WHERE id = ?').get(next.id);
  if (present?.mark !== expected) return { kind: 'outdated' };
  const isNew = present?.owner !== next.owner;
  const isDetached = next.detachedAtMs !== undefined;
  const crowded =
    isNew || isDetached ? crowdedOut({ others: othersOf(db, next), isDetached, isNew }, bounds) : 0;
  if (crowded === 'limit-reached') return { kind: crowded };
  const released = crowded === 0 ? [] : releaseOldest(db, next, crowded);
  db.prepare(
    `INSERT INTO subscribers (id, realm, owner, mark, detached_at_ms, lease_ends_at_ms, state)
       VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, mark = excluded.mark,
       detached_at_ms = excluded.detached_at_ms, lease_ends_at_ms = excluded.lease_ends_at_ms,
       state = excluded.state`,
  ).run(
    next.id,
    realmOf(next.id),
    next.owner,
    next.mark,
    next.detachedAtMs ?? null,
    next.leaseEndsAtMs ?? null,
    JSON.stringify(next),
  );
  db.audit(audit);
  return { kind: 'stored', released };
}

function othersOf(db: WriterDatabase, { id, owner }: SubscriberState): SubscriberBounds {
  const counted = db
    .prepare(
      `SELECT count(*) AS "all", count(detached_at_ms) AS detached FROM subscribers
       WHERE owner = ? AND realm = ? AND id <> ?`,
    )
    .get(owner, realmOf(id), id);
  const { all, detached } = counted as { all: number; detached: number };
  return { all, detached };
}

function releaseOldest(db: WriterDatabase, { id, owner }: SubscriberState, count: number): SubscriberState[] {
  const oldest = db
    .prepare(
      `SELECT id, state FROM subscribers
       WHERE owner = ? AND realm = ? AND id <> ? AND detached_at_ms IS NOT NULL
       ORDER BY detached_at_ms, id LIMIT ?`,
    )
    .all(owner, realmOf(id), id, count);
  for (const row of oldest) db.prepare('DELETE FROM subscribers WHERE id = ?').run(row.id as string);
  return oldest.map(subscriberFrom);
}

function removeSubscriber(db: Transaction, { id, expected, audit }: RemoveSubscriberInput): boolean {
  const { changes } = db.prepare('DELETE FROM subscribers WHERE id = ? AND mark = ?').run(id, expected);
  if (changes === 0) return false;
  db.audit(audit);
  return true;
}

function expireSubscribers(db: WriterDatabase, { nowMs, limit }: ExpireSubscribersInput): number {
  const { changes } = db
    .prepare(
      `DELETE FROM subscribers WHERE id IN
         (SELECT id FROM subscribers WHERE lease_ends_at_ms <= ? ORDER BY lease_ends_at_ms LIMIT ?)`,
    )
    .run(nowMs, limit);
  return Number(changes);
}
