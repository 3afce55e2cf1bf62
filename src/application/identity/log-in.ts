import { DomainError } from '../../domain/domain-error.ts';
import { MAX_PASSWORD_CHARACTERS } from '../../domain/identity/account-rules.ts';
import { loginSessionIdFrom } from '../../domain/identity/ids.ts';
import { foldName, type LoginSession, type User } from '../../domain/identity/user.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { Digest } from '../ports/digest.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { AccessTokenIssuer } from '../ports/identity/access-tokens.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { PasswordHasher } from '../ports/identity/password-hasher.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import {
  GENERATED_PASSWORD_LIFE_MS,
  type LoginGrant,
  type LoginPeer,
  MAX_LOGIN_LIFE_MS,
  REFRESH_TOKEN_BITS,
} from './login-grant.ts';
import { principalOf } from './principal-of.ts';
import { profileOf } from './user-profile.ts';

interface Deps {
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly hasher: PasswordHasher;
  readonly tokens: AccessTokenIssuer;
  readonly ids: IdSource;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly audit: AuditTrail;
  /** Life of a login from the password on; at most `MAX_LOGIN_LIFE_MS`, which it is when absent. */
  readonly loginLifeMs?: number;
}

interface Command {
  readonly username: string;
  readonly password: string;
  readonly peer: LoginPeer;
  readonly requestId?: string;
}

/** Begins a login with a password. */
export class LogIn {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * An unknown user costs the same hash and gets the same answer as a wrong password. What else keeps an account
   * out (disabled, lapsed, a demo account from afar) is told only to who knows the password.
   *
   * @throws DomainError `credential.invalid`, `account.disabled`, `account.password_lapsed`, `permission.denied`;
   *   PortError `unavailable` when too many log in at once.
   */
  async execute(command: Command): Promise<LoginGrant> {
    const { users, hasher } = this.#deps;
    const found = await users.findByUsername(foldName(command.username));
    const user = found?.deletedAtMs === undefined ? found : undefined;
    const right =
      [...command.password].length <= MAX_PASSWORD_CHARACTERS &&
      (await hasher.verify(command.password, user?.passwordHash));
    if (!right || user === undefined) {
      throw this.#refuse(command, user, user === undefined ? 'unknown' : 'password', wrong());
    }
    this.#requireAdmitted(user, command);
    await this.#rehash(user, command.password);
    return this.#begin(user, command);
  }

  #requireAdmitted(user: User, command: Command): void {
    if (user.disabledAtMs !== undefined) {
      const refusal = new DomainError('account.disabled', 'This account is disabled');
      throw this.#refuse(command, user, 'disabled', refusal);
    }
    if (user.passwordMark === 'demo' && !command.peer.local) {
      const refusal = new DomainError('permission.denied', 'A demo account logs in from this machine only');
      throw this.#refuse(command, user, 'demo-from-afar', refusal);
    }
    if (
      user.passwordMark === 'generated' &&
      this.#deps.clock.nowMs() >= user.createdAtMs + GENERATED_PASSWORD_LIFE_MS
    ) {
      const refusal = new DomainError(
        'account.password_lapsed',
        'The first password has lapsed: set a new one with "holdfast user password"',
      );
      throw this.#refuse(command, user, 'lapsed', refusal);
    }
  }

  /** Hashes the password anew when it was hashed at another cost; a full queue leaves that to the next login. */
  async #rehash(user: User, password: string): Promise<void> {
    const { hasher, users } = this.#deps;
    if (!hasher.needsRehash(user.passwordHash)) return;
    const passwordHash = await hasher.hash(password).catch(() => undefined);
    if (passwordHash === undefined) return;
    await users.change(user.id, { passwordHash, replacesHash: user.passwordHash });
  }

  async #begin(user: User, command: Command): Promise<LoginGrant> {
    const { sessions, tokens, ids, digest, clock, audit } = this.#deps;
    const session = this.#sessionFor(user, command.peer);
    const refreshToken = ids.secret(REFRESH_TOKEN_BITS);
    await sessions.begin(session, digest.sha256Hex(refreshToken));
    const current = await this.#stillRight(user, command.password);
    if (current === undefined) {
      await sessions.end(session.id, clock.nowMs());
      throw this.#refuse(command, user, 'changed-meanwhile', wrong());
    }
    const issued = await tokens.issue(principalOf(current, session.id));
    audit.record({
      act: 'login.begun',
      outcome: 'done',
      actor: user.id,
      object: session.id,
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    });
    return {
      accessToken: issued.token,
      refreshToken,
      expiresInSeconds: issued.expiresInSeconds,
      user: profileOf(current),
    };
  }

  #sessionFor(user: User, peer: LoginPeer): LoginSession {
    const { ids, clock, loginLifeMs = MAX_LOGIN_LIFE_MS } = this.#deps;
    const nowMs = clock.nowMs();
    const endsMs = nowMs + Math.min(loginLifeMs, MAX_LOGIN_LIFE_MS);
    const lapsesMs =
      user.passwordMark === 'generated' ? user.createdAtMs + GENERATED_PASSWORD_LIFE_MS : endsMs;
    return {
      id: loginSessionIdFrom(ids.uuid()),
      userId: user.id,
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
      expiresAtMs: Math.min(endsMs, lapsesMs),
      ...(peer.address === undefined ? {} : { address: peer.address }),
      ...(peer.userAgent === undefined ? {} : { userAgent: peer.userAgent }),
    };
  }

  /**
   * The account as it stands once the session is stored: a password change, a disabling or a deletion that ran
   * beside this login ended the sessions before this one was there to be ended.
   */
  async #stillRight(user: User, password: string): Promise<User | undefined> {
    const { users, hasher } = this.#deps;
    const current = await users.find(user.id);
    if (current === undefined || current.disabledAtMs !== undefined || current.deletedAtMs !== undefined) {
      return undefined;
    }
    if (current.passwordHash === user.passwordHash) return current;
    return (await hasher.verify(password, current.passwordHash)) ? current : undefined;
  }

  #refuse(command: Command, user: User | undefined, reason: string, refusal: DomainError): DomainError {
    this.#deps.audit.record({
      act: 'login.begun',
      outcome: 'refused',
      facts: { reason },
      ...(user === undefined ? {} : { object: user.id }),
      ...(command.requestId === undefined ? {} : { requestId: command.requestId }),
    });
    return refusal;
  }
}

const wrong = (): DomainError => new DomainError('credential.invalid', 'Wrong username or password');
