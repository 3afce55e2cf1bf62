import type { UserPrincipal } from '../../../domain/identity/principal.ts';

/** Redeems tickets: in auth's process by its store, between services over HTTP. */
export interface TicketRedeemer {
  /**
   * Whose login a ticket carries. It is good once: whatever comes of the call, the ticket is spent by it.
   *
   * @throws DomainError `credential.invalid` for one that is unknown, spent or expired; `credential.expired` when its
   *   login has ended or changed its role; PortError `unavailable` or `timeout` when that cannot be found out.
   */
  redeem(ticket: string): Promise<UserPrincipal>;
}
