import { defineRoute, type Route } from '../../route.ts';
import { loggedInUser } from '../acting-user.ts';
import { NO_STORE, ticketAnswer } from './answers.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';

type Uses = Pick<IdentityUseCases, 'mintTicket'>;

/** Tickets for a browser's WebSockets, which cannot carry an `Authorization` header. */
export const ticketRoutes = ({ mintTicket }: Uses): Route[] => [
  defineRoute({
    method: 'post',
    path: '/api/ws/tickets',
    operationId: 'mintTicket',
    summary: 'Make a ticket that opens one WebSocket as you',
    permission: 'ticket.mint',
    confidential: true,
    answers: { 201: { description: 'Good once', schema: ticketAnswer } },
    refusals: ['ticket.limit_reached'],
    async handle({ principal }) {
      const { ticket, expiresInSeconds } = await mintTicket.execute({ principal: loggedInUser(principal) });
      return { status: 201, headers: NO_STORE, body: { ticket, expiresIn: expiresInSeconds } };
    },
  }),
];
