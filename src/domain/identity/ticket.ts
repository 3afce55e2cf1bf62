import type { LoginSessionId, UserId } from './ids.ts';
import type { Role } from './principal.ts';

/** Random bits of a ticket. */
export const TICKET_BITS = 256;
/** How long a ticket may be redeemed, in milliseconds: one connection's set-up. */
export const TICKET_LIFE_MS = 30_000;
/** Most tickets of one user that wait to be redeemed. */
export const MAX_TICKETS_PER_USER = 20;
/** Most tickets of all users that wait to be redeemed. */
export const MAX_TICKETS = 10_000;

/**
 * A ticket as it is kept: it lets a browser open one WebSocket, whose address is all that a page can choose. It is no
 * login of its own but carries its minter's, and his role as it was.
 */
export interface Ticket {
  /** SHA-256 of the ticket, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly userId: UserId;
  readonly loginSessionId: LoginSessionId;
  readonly role: Role;
  /** Whether the login is one by a cookie, which an open socket keeps from ending idle. */
  readonly byCookie?: true;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}
