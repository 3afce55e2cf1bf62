import { DomainError } from '../domain-error.ts';
import { invariant } from '../invariant.ts';

/**
 * What is subscribed to: a multiplexed session, or a session route of the agents' control plane. The two are rooms of
 * their own: no name of one is ever a name of the other.
 */
export type SubscriberRealm = 'mux' | 'control';

/** A subscription's whole name, which is stored: its realm and the name within. */
export type SubscriberId = `${SubscriberRealm}:${string}`;

/** Random bits of a multiplexed session's name. */
export const SESSION_NAME_BITS = 192;
/** Longest name of a session route, in UTF-16 units: agents choose it, and it is stored and indexed. */
export const MAX_ROUTE_NAME_UNITS = 256;

const SESSION_NAME = /^[A-Za-z0-9_-]{32}$/;
/** Anything but control characters and halves of characters, which stores and logs do not keep alike. */
const ROUTE_NAME = /^[^\p{Cc}\p{Cs}]+$/u;

/**
 * Names a multiplexed session by a secret of the id source.
 *
 * @throws InvariantViolation when it is not one of `SESSION_NAME_BITS`.
 */
export function muxSubscriberId(secret: string): SubscriberId {
  invariant(SESSION_NAME.test(secret), `a session's name needs ${SESSION_NAME_BITS} random bits`);
  return `mux:${secret}`;
}

/** Reads the session name that a client sent; undefined when it has not the form of one. */
export const claimedMuxId = (sessionId: string): SubscriberId | undefined =>
  SESSION_NAME.test(sessionId) ? `mux:${sessionId}` : undefined;

/**
 * Names the session route that an agent asks for.
 *
 * @throws DomainError `request.invalid` when the name is empty, too long, or has characters that no name has.
 */
export function controlSubscriberId(sessionId: string): SubscriberId {
  if (sessionId.length > MAX_ROUTE_NAME_UNITS || !ROUTE_NAME.test(sessionId)) {
    throw new DomainError('request.invalid', 'The session id is empty, too long or has control characters');
  }
  return `control:${sessionId}`;
}

/** The room that a name belongs to. */
export const realmOf = (id: SubscriberId): SubscriberRealm => (id.startsWith('mux:') ? 'mux' : 'control');

/** The name within its room, as clients read it. */
export const nameWithin = (id: SubscriberId): string => id.slice(id.indexOf(':') + 1);
