import { actorAt } from '../../domain/audit/audit-actor.ts';
import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import { DomainError } from '../../domain/domain-error.ts';
import { MAX_PASSWORD_CHARACTERS } from '../../domain/identity/account-rules.ts';
import { GENERATED_PASSWORD_LIFE_MS, type LoginSession } from '../../domain/identity/login-session.ts';
import { foldName, type User } from '../../domain/identity/user.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginSessionRepository } from '../ports/identity/login-session-repository.ts';
import type { PasswordHasher } from '../ports/identity/password-hasher.ts';
import type { UserRepository } from '../ports/identity/user-repository.ts';
import type { LoginPeer } from './login-grant.ts';
import type { LoginThrottle } from './passwords/login-throttle.ts';

interface Deps {
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly hasher: PasswordHasher;
  readonly throttle: LoginThrottle;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Somebody who says who he is, with a password. */
export interface LoginAttempt {
  readonly username: string;
  readonly password: string;
  readonly peer: LoginPeer;
  readonly requestId?: string;
}

/**
 * The one door to every kind of login: first the password is checked, then the login is stored by whoever begins it,
 * then the account is looked at once more.
 */
export class LoginAdmission {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Whom the password lets in. An unknown user costs the same hash and gets the same answer as a wrong password. What
   * else keeps an account out (disabled, lapsed, a demo account from afar) is told only to who knows the password.
   * All are slowed down alike.
   *
   * @throws DomainError `credential.invalid`, `login.throttled`, `account.disabled`, `account.password_lapsed`,
   *   `permission.denied`; PortError `unavailable` when too many log in at once.
   */
  async check(attempt: LoginAttempt): Promise<User> {
    const { users, hasher, throttle } = this.#deps;
    const found = await users.findByUsername(foldName(attempt.username));
    const user = found?.deletedAtMs === undefined ? found : undefined;
    const { password, peer } = attempt;
    const guess = await throttle.guess(
      { account: foldName(attempt.username), network: peer.network },
      async () =>
        [...password].length <= MAX_PASSWORD_CHARACTERS && hasher.verify(password, user?.passwordHash),
    );
    if (guess.kind === 'throttled') throw this.#refuse(attempt, user, 'throttled', guess.refusal);
    if (guess.kind === 'wrong' || user === undefined) {
      throw this.#refuse(attempt, user, user === undefined ? 'unknown' : 'password', wrong());
    }
    this.#requireAdmitted(user, attempt);
    await this.#rehash(user, attempt.password);
    return user;
  }

  /**
   * The account as it stands once its login is stored: a password change, a disabling or a deletion that ran beside
   * this login ended the sessions before this one was there to be ended. Then it is ended here.
   *
   * @throws DomainError `credential.invalid`; PortError `unavailable` when too many log in at once.
   */
  async confirm(user: User, session: LoginSession, attempt: LoginAttempt): Promise<User> {
    const current = await this.#stillRight(user, attempt.password);
    if (current !== undefined) return current;
    const record: AuditRecord = {
      act: 'login.ended',
      outcome: 'done',
      facts: { reason: 'changed-meanwhile' },
    };
    await this.#deps.sessions.end(session.id, this.#deps.clock.nowMs(), [record]);
    throw this.#refuse(attempt, user, 'changed-meanwhile', wrong());
  }

  #requireAdmitted(user: User, attempt: LoginAttempt): void {
    if (user.disabledAtMs !== undefined) {
      const refusal = new DomainError('account.disabled', 'This account is disabled');
      throw this.#refuse(attempt, user, 'disabled', refusal);
    }
    if (user.passwordMark === 'demo' && !attempt.peer.local) {
      const refusal = new DomainError('permission.denied', 'A demo account logs in from this machine only');
      throw this.#refuse(attempt, user, 'demo-from-afar', refusal);
    }
    if (
      user.passwordMark === 'generated' &&
      this.#deps.clock.nowMs() >= user.createdAtMs + GENERATED_PASSWORD_LIFE_MS
    ) {
      const refusal = new DomainError(
        'account.password_lapsed',
        'The first password has lapsed: set a new one with "holdfast user password"',
      );
      throw this.#refuse(attempt, user, 'lapsed', refusal);
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

  async #stillRight(user: User, password: string): Promise<User | undefined> {
    const { users, hasher } = this.#deps;
    const current = await users.find(user.id);
    if (current === undefined || current.disabledAtMs !== undefined || current.deletedAtMs !== undefined) {
      return undefined;
    }
    if (current.passwordHash === user.passwordHash) return current;
    return (await hasher.verify(password, current.passwordHash)) ? current : undefined;
  }

  #refuse(attempt: LoginAttempt, user: User | undefined, reason: string, refusal: DomainError): DomainError {
    const { network, address } = attempt.peer;
    const actor = actorAt(network ?? address);
    const from = address === undefined || actor === actorAt(address) ? {} : { address };
    this.#deps.audit.refuse({
      act: 'login.begun',
      outcome: 'refused',
      facts: { reason, ...from },
      ...(actor === undefined ? {} : { actor }),
      ...(user === undefined ? {} : { object: user.id }),
      ...(attempt.requestId === undefined ? {} : { requestId: attempt.requestId }),
    });
    return refusal;
  }
}

const wrong = (): DomainError => new DomainError('credential.invalid', 'Wrong username or password');
