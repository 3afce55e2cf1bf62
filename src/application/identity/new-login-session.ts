import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { loginSessionIdFrom } from '../../domain/identity/ids.ts';
import type { LoginSession, User } from '../../domain/identity/user.ts';
import { GENERATED_PASSWORD_LIFE_MS, type LoginPeer, MAX_LOGIN_LIFE_MS } from './login-grant.ts';

/** A login that begins now. It lives `lifeMs`, and no longer than the password that the server chose. */
export function newLoginSession(
  user: User,
  peer: LoginPeer,
  made: { readonly uuid: string; readonly nowMs: number; readonly lifeMs: number },
): LoginSession {
  const { nowMs } = made;
  const endsMs = nowMs + Math.min(made.lifeMs, MAX_LOGIN_LIFE_MS);
  const lapsesMs = user.passwordMark === 'generated' ? user.createdAtMs + GENERATED_PASSWORD_LIFE_MS : endsMs;
  return {
    id: loginSessionIdFrom(made.uuid),
    userId: user.id,
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    expiresAtMs: Math.min(endsMs, lapsesMs),
    ...(peer.address === undefined ? {} : { address: peer.address }),
    ...(peer.userAgent === undefined ? {} : { userAgent: peer.userAgent }),
  };
}

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
