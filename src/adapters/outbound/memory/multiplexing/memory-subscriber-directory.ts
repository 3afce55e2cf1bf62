import type {
  PutCondition,
  PutOutcome,
  Replaced,
  Replacement,
  SubscriberDirectory,
  SubscriberPage,
} from '../../../../application/ports/multiplexing/subscriber-directory.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  crowdedOut,
  excessOf,
  rooms,
  type SubscriberBounds,
} from '../../../../domain/multiplexing/subscriber-bounds.ts';
import {
  realmOf,
  type SubscriberId,
  type SubscriberRealm,
} from '../../../../domain/multiplexing/subscriber-id.ts';
import type { SubscriberState } from '../../../../domain/multiplexing/subscriber-state.ts';
import { MemoryAuditLog } from '../audit/memory-audit-log.ts';

const byId = (left: SubscriberState, right: SubscriberState): number => (left.id < right.id ? -1 : 1);
const byDetachment = (left: SubscriberState, right: SubscriberState): number =>
  (left.detachedAtMs ?? 0) - (right.detachedAtMs ?? 0) || byId(left, right);

/** Subscriptions in one process's memory. */
export class MemorySubscriberDirectory implements SubscriberDirectory {
  readonly #states = new Map<SubscriberId, SubscriberState>();
  readonly #audit: MemoryAuditLog;

  constructor(audit = new MemoryAuditLog()) {
    this.#audit = audit;
  }

  async find(id: SubscriberId): Promise<SubscriberState | undefined> {
    return this.#states.get(id);
  }

  async put(
    next: SubscriberState,
    { expected, bounds }: PutCondition,
    audit?: readonly AuditRecord[],
  ): Promise<PutOutcome> {
    const present = this.#states.get(next.id);
    if (present?.mark !== expected) return { kind: 'outdated' };
    const others = [...this.#states.values()].filter(
      ({ id, owner }) => id !== next.id && owner === next.owner && realmOf(id) === realmOf(next.id),
    );
    const detached = others.filter(({ detachedAtMs }) => detachedAtMs !== undefined).sort(byDetachment);
    const crowded = crowdedOut(
      {
        others: { all: others.length, detached: detached.length },
        isDetached: next.detachedAtMs !== undefined,
        isNew: present?.owner !== next.owner,
      },
      bounds,
    );
    if (crowded === 'limit-reached') return { kind: crowded };
    const released = detached.slice(0, crowded);
    for (const { id } of released) this.#states.delete(id);
    this.#states.set(next.id, next);
    this.#audit.add(audit);
    return { kind: 'stored', released };
  }

  async findAll(ids: readonly SubscriberId[]): Promise<readonly SubscriberState[]> {
    return ids.flatMap((id) => this.#states.get(id) ?? []);
  }

  async replaceAll(
    replacements: readonly Replacement[],
    bounds: Readonly<Record<SubscriberRealm, SubscriberBounds>>,
  ): Promise<Replaced> {
    const stored = replacements.filter(({ next, expected }) => this.#states.get(next.id)?.mark === expected);
    for (const { next } of stored) this.#states.set(next.id, next);
    const released = rooms(stored.map(({ next }) => next)).flatMap(({ owner, realm }) => {
      const all = [...this.#states.values()].filter(
        (state) => state.owner === owner && realmOf(state.id) === realm,
      );
      const detached = all.filter(({ detachedAtMs }) => detachedAtMs !== undefined).sort(byDetachment);
      return detached.slice(0, excessOf({ all: all.length, detached: detached.length }, bounds[realm]));
    });
    for (const { id } of released) this.#states.delete(id);
    return { stored: new Set(stored.map(({ next }) => next.id)), released };
  }

  async remove(id: SubscriberId, expected: string, audit?: readonly AuditRecord[]): Promise<boolean> {
    if (this.#states.get(id)?.mark !== expected) return false;
    this.#states.delete(id);
    this.#audit.add(audit);
    return true;
  }

  async list({ realm, owner, after, limit }: SubscriberPage): Promise<readonly SubscriberState[]> {
    return [...this.#states.values()]
      .filter(({ id }) => realmOf(id) === realm && (after === undefined || id > after))
      .filter((state) => owner === undefined || state.owner === owner)
      .sort(byId)
      .slice(0, limit);
  }

  async nodes(): Promise<readonly string[]> {
    const holders = [...this.#states.values()].flatMap((state) => state.holders);
    return [...new Set(holders.map(({ node }) => node))];
  }

  async heldBy(node: string, limit: number): Promise<readonly SubscriberState[]> {
    return [...this.#states.values()]
      .filter(({ holders }) => holders.some((holder) => holder.node === node))
      .slice(0, limit);
  }

  async expire(nowMs: number, limit: number): Promise<number> {
    const due = [...this.#states.values()].filter(
      ({ leaseEndsAtMs }) => (leaseEndsAtMs ?? Infinity) <= nowMs,
    );
    for (const { id } of due.slice(0, limit)) this.#states.delete(id);
    return Math.min(due.length, limit);
  }
}
