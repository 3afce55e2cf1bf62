import { DomainError } from '../../domain/domain-error.ts';
import type { LoginSessionId, UserId } from '../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Ends a login, or every login of its user. */
export class LogOut {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The refresh token decides when there is one, else the principal's own session. A token that is unknown or whose
   * login has ended already changes nothing: who logs out twice is logged out.
   *
   * @throws DomainError `credential.missing` when there is neither.
   */
  async execute(command: {
    readonly refreshToken?: string;
    readonly principal?: UserPrincipal;
    readonly everywhere: boolean;
    readonly requestId?: string;
  }): Promise<void> {
    const { sessions, clock, audit } = this.#deps;
    const nowMs = clock.nowMs();
    const ended = await this.#endOne(command, nowMs);
    if (ended === undefined) return;
    const others = command.everywhere ? await sessions.endAllOf(ended.userId, nowMs) : [];
    audit.record({
      act: command.everywhere ? 'login.ended_everywhere' : 'login.ended',
      outcome: 'done',
      actor: ended.userId,
      object: ended.id,
      ...(command.everywhere ? { facts: { others: others.length } } : {}),
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    });
  }

  /** The session that this call ended; undefined when it had ended before. */
  async #endOne(
    command: { readonly refreshToken?: string; readonly principal?: UserPrincipal },
    nowMs: number,
  ): Promise<{ readonly id: LoginSessionId; readonly userId: UserId } | undefined> {
    const { sessions, digest } = this.#deps;
    if (command.refreshToken !== undefined) {
      const session = await sessions.endByToken(digest.sha256Hex(command.refreshToken), nowMs);
      const endedNow = session?.endedAtMs === nowMs && nowMs < session.expiresAtMs;
      return endedNow ? session : undefined;
    }
    if (command.principal === undefined) throw new DomainError('credential.missing', 'Log in first');
    await sessions.end(command.principal.loginSessionId, nowMs);
    return { id: command.principal.loginSessionId, userId: command.principal.userId };
  }
}
