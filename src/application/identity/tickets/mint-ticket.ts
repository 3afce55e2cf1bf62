import { DomainError } from '../../../domain/domain-error.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';
import {
  MAX_TICKETS,
  MAX_TICKETS_PER_USER,
  TICKET_BITS,
  TICKET_LIFE_MS,
} from '../../../domain/identity/ticket.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Digest } from '../../ports/digest.ts';
import type { IdSource } from '../../ports/id-source.ts';
import type { TicketRepository } from '../../ports/identity/ticket-repository.ts';

interface Deps {
  readonly tickets: TicketRepository;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly clock: Clock;
}

/** Makes a ticket with which a login's page opens one WebSocket. */
export class MintTicket {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws DomainError `ticket.limit_reached`. */
  async execute(command: {
    readonly principal: UserPrincipal;
  }): Promise<{ readonly ticket: string; readonly expiresInSeconds: number }> {
    const { tickets, ids, digest, clock } = this.#deps;
    const { userId, loginSessionId, role, byCookie } = command.principal;
    const nowMs = clock.nowMs();
    const ticket = ids.secret(TICKET_BITS);
    const carried = { userId, loginSessionId, role, ...(byCookie ? { byCookie } : {}) };
    const outcome = await tickets.add(
      {
        ...carried,
        sha256: digest.sha256Hex(ticket),
        createdAtMs: nowMs,
        expiresAtMs: nowMs + TICKET_LIFE_MS,
      },
      { ofUser: MAX_TICKETS_PER_USER, inAll: MAX_TICKETS },
    );
    if (outcome === 'limit-reached') {
      throw new DomainError('ticket.limit_reached', 'Too many tickets wait to be used', {
        retryAfterMs: TICKET_LIFE_MS,
      });
    }
    return { ticket, expiresInSeconds: TICKET_LIFE_MS / 1_000 };
  }
}
