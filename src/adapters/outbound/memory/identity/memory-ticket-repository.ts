import type { TicketRepository } from '../../../../application/ports/identity/ticket-repository.ts';
import type { Ticket } from '../../../../domain/identity/ticket.ts';

/** Tickets in one process's memory. */
export class MemoryTicketRepository implements TicketRepository {
  readonly #tickets = new Map<string, Ticket>();

  async add(
    ticket: Ticket,
    atMost: { readonly ofUser: number; readonly inAll: number },
  ): Promise<'added' | 'limit-reached'> {
    for (const { sha256, expiresAtMs } of this.#tickets.values()) {
      if (expiresAtMs <= ticket.createdAtMs) this.#tickets.delete(sha256);
    }
    const ofUser = [...this.#tickets.values()].filter(({ userId }) => userId === ticket.userId).length;
    if (ofUser >= atMost.ofUser || this.#tickets.size >= atMost.inAll) return 'limit-reached';
    this.#tickets.set(ticket.sha256, ticket);
    return 'added';
  }

  async take(sha256: string, nowMs: number): Promise<Ticket | undefined> {
    const ticket = this.#tickets.get(sha256);
    this.#tickets.delete(sha256);
    return ticket !== undefined && nowMs < ticket.expiresAtMs ? ticket : undefined;
  }
}
