import { DomainError } from '../../../domain/domain-error.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest } from '../../ports/digest.ts';
import type { SessionStatus } from '../../ports/identity/session-status.ts';
import type { TicketRedeemer } from '../../ports/identity/ticket-redeemer.ts';
import type { TicketRepository } from '../../ports/identity/ticket-repository.ts';
import type { UserRepository } from '../../ports/identity/user-repository.ts';
import { principalOf } from '../principal-of.ts';

interface Deps {
  readonly tickets: TicketRepository;
  readonly users: UserRepository;
  readonly sessions: SessionStatus;
  readonly digest: Digest;
  readonly clock: Clock;
}

/** Redeems tickets in the process that keeps them. */
export class StoredTickets implements TicketRedeemer {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async redeem(text: string): Promise<UserPrincipal> {
    const { tickets, users, sessions, digest, clock } = this.#deps;
    const ticket = await tickets.take(digest.sha256Hex(text), clock.nowMs());
    if (ticket === undefined) throw new DomainError('credential.invalid', 'The ticket is not valid');
    const user = await users.find(ticket.userId);
    // The status compares with the role that the ticket carries, so a role that changed since ends it too.
    const { loginSessionId, role, byCookie } = ticket;
    const carried = { role, ...(byCookie ? { byCookie } : {}) };
    const principal = user && { ...principalOf(user, loginSessionId), ...carried };
    if (principal === undefined || !(await sessions.isLive(principal))) {
      throw new DomainError('credential.expired', 'This login has ended');
    }
    return principal;
  }
}
