import { realmOf, type SubscriberRealm } from './subscriber-id.ts';
import type { SubscriberOwner } from './subscriber-owner.ts';
import type { SubscriberState } from './subscriber-state.ts';

/** How many subscriptions of one realm one owner may have: those that nobody is connected to, and all. */
export interface SubscriberBounds {
  readonly detached: number;
  readonly all: number;
}

/** The bounds unless told otherwise: 20 connections with 100 sessions each, as many detached, and 1,000 session routes. */
export const SUBSCRIBER_BOUNDS: Readonly<Record<SubscriberRealm, SubscriberBounds>> = {
  mux: { detached: 2_000, all: 4_000 },
  control: { detached: 1_000, all: 1_000 },
};

/** How many of the detached subscriptions that an owner has got have to go; none that somebody is connected to does. */
export function excessOf(has: SubscriberBounds, bounds: SubscriberBounds): number {
  const excess = Math.max(0, has.detached - bounds.detached, has.all - bounds.all);
  return Math.min(excess, has.detached);
}

/** One more subscription of an owner's, or one that has changed, beside his others. */
export interface Crowding {
  /** How many others of the realm he has, and how many of these nobody is connected to. */
  readonly others: SubscriberBounds;
  readonly isDetached: boolean;
  /** Whether it has become his just now. */
  readonly isNew: boolean;
}

/**
 * How many of the owner's other detached subscriptions have to go, those that were left first. What he has already is
 * never refused to him, also where the bounds have become narrower.
 */
export function crowdedOut(
  { others, isDetached, isNew }: Crowding,
  bounds: SubscriberBounds,
): number | 'limit-reached' {
  if (!isNew && !isDetached) return 0;
  const detached = others.detached + (isDetached ? 1 : 0);
  const excess = Math.max(0, detached - bounds.detached, others.all + 1 - bounds.all);
  if (excess <= others.detached) return excess;
  return isNew && !isDetached ? 'limit-reached' : others.detached;
}

/** What is bounded together: what one owner has of one realm. */
export interface Room {
  readonly owner: SubscriberOwner;
  readonly realm: SubscriberRealm;
}

/** Whose bounds are to be looked at when these subscriptions have been left, each once. */
export function rooms(left: readonly Pick<SubscriberState, 'id' | 'owner'>[]): readonly Room[] {
  const found = new Map<string, Room>();
  for (const { id, owner } of left) found.set(`${realmOf(id)} ${owner}`, { owner, realm: realmOf(id) });
  return [...found.values()];
}
