import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { LoginSessionId, UserId } from '../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../domain/identity/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';

interface Deps {
  readonly sessions: LoginSessionRepository;
  readonly digest: Digest;
  readonly clock: Clock;
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
    const { sessions, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const record = (act: string): AuditRecord => ({
      act,
      outcome: 'done',
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    });
    const ended = await this.#endOne(command, nowMs, [record('login.ended')]);
    if (ended === undefined || !command.everywhere) return;
    const everywhere = { ...record('login.ended_everywhere'), actor: ended.userId, object: ended.userId };
    await sessions.endAllOf(ended.userId, nowMs, undefined, [everywhere]);
  }

  /** The session that this call ended; undefined when it had ended before. */
  async #endOne(
    command: { readonly refreshToken?: string; readonly principal?: UserPrincipal },
    nowMs: number,
    audit: readonly AuditRecord[],
  ): Promise<{ readonly id: LoginSessionId; readonly userId: UserId } | undefined> {
    const { sessions, digest } = this.#deps;
    if (command.refreshToken !== undefined) {
      const session = await sessions.endByToken(digest.sha256Hex(command.refreshToken), nowMs, audit);
      const endedNow = session?.endedAtMs === nowMs && nowMs < session.expiresAtMs;
      return endedNow ? session : undefined;
    }
    if (command.principal === undefined) throw new DomainError('credential.missing', 'Log in first');
    await sessions.end(command.principal.loginSessionId, nowMs, audit);
    return { id: command.principal.loginSessionId, userId: command.principal.userId };
  }
}
