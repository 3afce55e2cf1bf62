import { actorAt } from '../../domain/audit/audit-actor.ts';
import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { AccessTokenIssuer } from '../ports/identity/access-tokens.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import { type LoginGrant, type LoginPeer, REFRESH_TOKEN_BITS } from './login-grant.ts';
import type { LoginThrottle } from './passwords/login-throttle.ts';
import { principalOf } from './principal-of.ts';
import { profileOf } from './user-profile.ts';

interface Deps {
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly throttle: LoginThrottle;
  readonly tokens: AccessTokenIssuer;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Exchanges a refresh token for the next pair of tokens (RFC 9700, section 4.14.2). */
export class RefreshLogin {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * A token that comes back after it was spent was stolen, by whoever came first or by whoever came second: the
   * whole family ends.
   *
   * @throws DomainError `credential.invalid`, `credential.reused`, `login.throttled`.
   */
  async execute(command: {
    readonly refreshToken: string;
    readonly peer: LoginPeer;
    readonly requestId?: string;
  }): Promise<LoginGrant> {
    const { sessions, throttle, tokens, ids, digest, clock } = this.#deps;
    const refreshToken = ids.secret(REFRESH_TOKEN_BITS);
    const request = command.requestId === undefined ? {} : { requestId: command.requestId };
    const outcome = await sessions.rotate(
      digest.sha256Hex(command.refreshToken),
      digest.sha256Hex(refreshToken),
      clock.nowMs(),
      [{ act: 'login.refresh_reused', outcome: 'refused', ...request }],
    );
    if (outcome.kind === 'unknown') {
      const throttled = await throttle.countUnknownRefresh(command.peer.network);
      const reason = throttled === undefined ? 'unknown' : 'throttled';
      const refused = this.#refuse(command, { facts: { reason } });
      throw throttled ?? refused;
    }
    if (outcome.kind === 'reused') throw reused();
    const user = await this.#deps.users.find(outcome.session.userId);
    const admitted =
      user !== undefined &&
      user.disabledAtMs === undefined &&
      (user.passwordMark !== 'demo' || command.peer.local);
    if (!admitted) {
      await sessions.end(outcome.session.id, clock.nowMs(), [
        { act: 'login.ended', outcome: 'done', facts: { reason: 'not-admitted' }, ...request },
      ]);
      throw this.#refuse(command, { object: outcome.session.id, facts: { reason: 'not-admitted' } });
    }
    const { id, expiresAtMs } = outcome.session;
    const issued = await tokens.issue(principalOf(user, id), expiresAtMs);
    return {
      accessToken: issued.token,
      refreshToken,
      expiresInSeconds: issued.expiresInSeconds,
      user: profileOf(user),
    };
  }

  #refuse(
    command: { readonly peer: LoginPeer; readonly requestId?: string },
    what: Pick<AuditRecord, 'object' | 'facts'>,
  ): DomainError {
    const actor = actorAt(command.peer.network ?? command.peer.address);
    this.#deps.audit.refuse({
      act: 'login.refreshed',
      outcome: 'refused',
      ...what,
      ...(actor === undefined ? {} : { actor }),
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    });
    return new DomainError('credential.invalid', 'The refresh token is not valid');
  }
}

const reused = (): DomainError =>
  new DomainError(
    'credential.reused',
    'This refresh token was used before; the login has ended for everybody who holds it',
  );
