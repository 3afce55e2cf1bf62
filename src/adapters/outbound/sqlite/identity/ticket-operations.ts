import type { Ticket } from '../../../../domain/identity/ticket.ts';
import type { WriterDatabase } from '../operation.ts';
import { ticketFrom } from './api-key-rows.ts';

export interface AddTicketInput {
  readonly ticket: Ticket;
  readonly atMost: { readonly ofUser: number; readonly inAll: number };
}
export interface TakeTicketInput {
  readonly sha256: string;
  readonly nowMs: number;
}

/** The writes of tickets, by name. */
export const TICKET_OPERATIONS = {
  'identity.add-ticket': addTicket,
  'identity.take-ticket': takeTicket,
};

function addTicket(db: WriterDatabase, { ticket, atMost }: AddTicketInput): 'added' | 'limit-reached' {
  db.prepare('DELETE FROM tickets WHERE expires_at_ms <= ?').run(ticket.createdAtMs);
  const counted = db
    .prepare('SELECT count(*) AS in_all, count(*) FILTER (WHERE user_id = ?) AS of_user FROM tickets')
    .get(ticket.userId);
  const { in_all: inAll, of_user: ofUser } = counted as { in_all: number; of_user: number };
  if (ofUser >= atMost.ofUser || inAll >= atMost.inAll) return 'limit-reached';
  db.prepare(
    `INSERT INTO tickets (sha256, user_id, login_session_id, role, by_cookie, created_at_ms, expires_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    ticket.sha256,
    ticket.userId,
    ticket.loginSessionId,
    ticket.role,
    ticket.byCookie ? 1 : 0,
    ticket.createdAtMs,
    ticket.expiresAtMs,
  );
  return 'added';
}

function takeTicket(db: WriterDatabase, { sha256, nowMs }: TakeTicketInput): Ticket | undefined {
  const row = db.prepare('DELETE FROM tickets WHERE sha256 = ? RETURNING *').get(sha256);
  const ticket = row && ticketFrom(row);
  return ticket !== undefined && nowMs < ticket.expiresAtMs ? ticket : undefined;
}
