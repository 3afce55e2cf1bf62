import { expect } from 'chai';
import type { TicketRepository } from '../../src/application/ports/identity/ticket-repository.ts';
import { TICKET_LIFE_MS } from '../../src/domain/identity/ticket.ts';
import { aTicket } from '../support/identity-builders.ts';
import { T0, user } from '../support/ledger-builders.ts';

/** A repository under test, and how to put it away. */
export interface TicketsUnderTest {
  readonly tickets: TicketRepository;
  close(): Promise<void>;
}

const MANY = { ofUser: 100, inAll: 100 };

/** The behaviour of every `TicketRepository`. */
export function describeTicketRepository(name: string, create: () => Promise<TicketsUnderTest>): void {
  describe(`${name} as a TicketRepository`, () => {
    let subject: TicketsUnderTest;
    let tickets: TicketRepository;
    beforeEach(async () => {
      subject = await create();
      tickets = subject.tickets;
    });
    afterEach(() => subject.close());

    it('gives a ticket out once, whole as it was made', async () => {
      await tickets.add(aTicket(1, { role: 'admin', byCookie: true }), MANY);
      expect(await tickets.take('ticket-1', T0 + 1)).to.deep.equal(
        aTicket(1, { role: 'admin', byCookie: true }),
      );
      expect(await tickets.take('ticket-1', T0 + 1)).to.equal(undefined);
      expect(await tickets.take('ticket-2', T0 + 1)).to.equal(undefined);
    });

    it('gives it to exactly one of two who race for it', async () => {
      await tickets.add(aTicket(1), MANY);
      const taken = await Promise.all([tickets.take('ticket-1', T0), tickets.take('ticket-1', T0)]);
      expect(taken.filter((ticket) => ticket !== undefined)).to.deep.equal([aTicket(1)]);
    });

    it('gives out no ticket whose time is over', async () => {
      await tickets.add(aTicket(1), MANY);
      await tickets.add(aTicket(2), MANY);
      expect(await tickets.take('ticket-1', T0 + TICKET_LIFE_MS - 1)).to.not.equal(undefined);
      expect(await tickets.take('ticket-2', T0 + TICKET_LIFE_MS)).to.equal(undefined);
      expect(await tickets.take('ticket-2', T0)).to.equal(undefined);
    });

    it('refuses one more than a user may have, until one is used or expires', async () => {
      const atMost = { ofUser: 2, inAll: 100 };
      await tickets.add(aTicket(1), atMost);
      await tickets.add(aTicket(2), atMost);
      expect(await tickets.add(aTicket(3), atMost)).to.equal('limit-reached');
      expect(await tickets.take('ticket-3', T0)).to.equal(undefined);
      expect(await tickets.add(aTicket(4, { userId: user(2) }), atMost)).to.equal('added');
      await tickets.take('ticket-1', T0);
      expect(await tickets.add(aTicket(5), atMost)).to.equal('added');
      expect(await tickets.add(aTicket(6), atMost)).to.equal('limit-reached');
      const later = { createdAtMs: T0 + TICKET_LIFE_MS, expiresAtMs: T0 + 2 * TICKET_LIFE_MS };
      expect(await tickets.add(aTicket(7, later), atMost)).to.equal('added');
    });

    it('refuses one more than there may be in all, also when they race', async () => {
      const atMost = { ofUser: 100, inAll: 2 };
      const outcomes = await Promise.all(
        [1, 2, 3].map((number) => tickets.add(aTicket(number, { userId: user(number) }), atMost)),
      );
      expect(outcomes.toSorted()).to.deep.equal(['added', 'added', 'limit-reached']);
    });
  });
}
