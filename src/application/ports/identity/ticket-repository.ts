import type { Ticket } from '../../../domain/identity/ticket.ts';

/**
 * Keeps tickets by their hashes for the half minute that they live; never a ticket itself. One that a restart loses is
 * as good as expired: whoever holds it asks for another.
 */
export interface TicketRepository {
  /**
   * Stores a ticket, unless its user or all users together have as many that could still be redeemed. Tickets that have
   * expired by the time it is made are forgotten.
   */
  add(
    ticket: Ticket,
    atMost: { readonly ofUser: number; readonly inAll: number },
  ): Promise<'added' | 'limit-reached'>;
  /**
   * Takes a ticket out in one atomic step: exactly one of racing callers gets it, and nobody after that. Undefined when
   * it is unknown, has been taken or has expired.
   */
  take(sha256: string, nowMs: number): Promise<Ticket | undefined>;
}
