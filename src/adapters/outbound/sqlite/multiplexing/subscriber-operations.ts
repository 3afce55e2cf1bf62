import type {
  PutCondition,
  PutOutcome,
  Replaced,
  Replacement,
} from '../../../../application/ports/multiplexing/subscriber-directory.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  crowdedOut,
  excessOf,
  type Room,
  rooms,
  type SubscriberBounds,
} from '../../../../domain/multiplexing/subscriber-bounds.ts';
import {
  realmOf,
  type SubscriberId,
  type SubscriberRealm,
} from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../../domain/multiplexing/subscriber-state.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { subscriberFrom } from './subscriber-rows.ts';

export interface PutSubscriberInput extends PutCondition {
  readonly next: SubscriberState;
  readonly audit?: readonly AuditRecord[] | undefined;
}
export interface ReplaceSubscribersInput {
  readonly replacements: readonly Replacement[];
  readonly bounds: Readonly<Record<SubscriberRealm, SubscriberBounds>>;
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
  'multiplexing.replace-subscribers': replaceSubscribers,
  'multiplexing.remove-subscriber': removeSubscriber,
  'multiplexing.expire-subscribers': expireSubscribers,
};

function putSubscriber(db: Transaction, { next, expected, bounds, audit }: PutSubscriberInput): PutOutcome {
  const present = db.prepare('SELECT mark, owner FROM subscribers WHERE id = ?').get(next.id);
  if (present?.mark !== expected) return { kind: 'outdated' };
  const isNew = present?.owner !== next.owner;
  const isDetached = next.detachedAtMs !== undefined;
  const room = { owner: next.owner, realm: realmOf(next.id) };
  const crowded =
    isNew || isDetached ? crowdedOut({ others: countOf(db, room, next.id), isDetached, isNew }, bounds) : 0;
  if (crowded === 'limit-reached') return { kind: crowded };
  const released = crowded === 0 ? [] : releaseOldest(db, room, crowded, next.id);
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

function replaceSubscribers(db: Transaction, { replacements, bounds }: ReplaceSubscribersInput): Replaced {
  const replace = db.prepare(
    `UPDATE subscribers SET mark = ?, detached_at_ms = ?, lease_ends_at_ms = ?, state = ?
     WHERE id = ? AND mark = ?`,
  );
  const stored = replacements
    .filter(({ next, expected }) => {
      const { id, mark, detachedAtMs = null, leaseEndsAtMs = null } = next;
      return replace.run(mark, detachedAtMs, leaseEndsAtMs, JSON.stringify(next), id, expected).changes === 1;
    })
    .map(({ next }) => next);
  const released = rooms(stored).flatMap((room) => {
    const excess = excessOf(countOf(db, room), bounds[room.realm]);
    return excess === 0 ? [] : releaseOldest(db, room, excess);
  });
  return { stored: new Set(stored.map(({ id }) => id)), released };
}

/** How many the owner has in a realm, but for one subscription. */
function countOf(db: WriterDatabase, { owner, realm }: Room, but: SubscriberId | '' = ''): SubscriberBounds {
  const counted = db
    .prepare(
      `SELECT count(*) AS "all", count(detached_at_ms) AS detached FROM subscribers
       WHERE owner = ? AND realm = ? AND id <> ?`,
    )
    .get(owner, realm, but);
  const { all, detached } = counted as { all: number; detached: number };
  return { all, detached };
}

function releaseOldest(
  db: WriterDatabase,
  { owner, realm }: Room,
  count: number,
  but: SubscriberId | '' = '',
): SubscriberState[] {
  const oldest = db
    .prepare(
      `SELECT id, state FROM subscribers
       WHERE owner = ? AND realm = ? AND id <> ? AND detached_at_ms IS NOT NULL
       ORDER BY detached_at_ms, id LIMIT ?`,
    )
    .all(owner, realm, but, count);
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
