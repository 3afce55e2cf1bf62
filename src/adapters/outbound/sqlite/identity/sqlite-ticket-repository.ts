import type { TicketRepository } from '../../../../application/ports/identity/ticket-repository.ts';
import type { Ticket } from '../../../../domain/identity/ticket.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { AddTicketInput, TakeTicketInput } from './ticket-operations.ts';

/** Tickets in the embedded store. */
export class SqliteTicketRepository implements TicketRepository {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  add(ticket: Ticket, atMost: AddTicketInput['atMost']): Promise<'added' | 'limit-reached'> {
    const input: AddTicketInput = { ticket, atMost };
    // A ticket that a power cut takes is as good as expired.
    return this.#store.write('identity.add-ticket', input, 'normal');
  }

  take(sha256: string, nowMs: number): Promise<Ticket | undefined> {
    const input: TakeTicketInput = { sha256, nowMs };
    // A power cut must not bring back a ticket that was good once already.
    return this.#store.write('identity.take-ticket', input, 'full');
  }
}
