import { z } from 'zod';
import type { TicketRedeemer } from '../../../../application/ports/identity/ticket-redeemer.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import { isUserId, type LoginSessionId } from '../../../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../../../domain/identity/principal.ts';
import { type AuthPeer, askAuth } from './ask-auth.ts';

const ANSWER = z.object({
  principal: z
    .object({
      userId: z.string().refine(isUserId),
      username: z.string(),
      email: z.string(),
      role: z.enum(['admin', 'supervisor', 'user']),
      sessionId: z.string(),
      byCookie: z.boolean().optional(),
    })
    .nullable(),
});

/** Has auth redeem tickets, for a service that runs apart. */
export class HttpTicketRedeemer implements TicketRedeemer {
  readonly #auth: AuthPeer;

  constructor(auth: AuthPeer) {
    this.#auth = auth;
  }

  /** An answer that is lost leaves the ticket spent, so nothing is asked twice. */
  async redeem(ticket: string): Promise<UserPrincipal> {
    const { principal } = await askAuth(this.#auth, '/internal/tickets/redeem', { ticket }, ANSWER);
    if (principal === null) throw new DomainError('credential.invalid', 'The ticket is not valid');
    const { sessionId, byCookie, ...person } = principal;
    const loginSessionId = sessionId as LoginSessionId;
    return { kind: 'user', ...person, loginSessionId, ...(byCookie ? { byCookie } : {}) };
  }
}
