import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import type { LoginSession } from '../../domain/identity/login-session.ts';

/** The record of a login that begins; stored with its session. */
export const loginBegun = (
  session: LoginSession,
  { requestId }: { readonly requestId?: string },
): AuditRecord => ({
  act: 'login.begun',
  outcome: 'done',
  actor: session.userId,
  object: session.id,
  ...(requestId === undefined ? {} : { requestId }),
  ...(session.address === undefined ? {} : { facts: { address: session.address } }),
});
