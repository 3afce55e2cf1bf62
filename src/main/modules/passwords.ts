import type { Container } from 'inversify';
import { Argon2PasswordHasher } from '../../adapters/outbound/argon2/argon2-password-hasher.ts';
import { ZxcvbnCommonPasswords } from '../../adapters/outbound/zxcvbn/zxcvbn-common-passwords.ts';
import { ConfirmPassword } from '../../application/identity/passwords/confirm-password.ts';
import { LoginThrottle, type ThrottleSettings } from '../../application/identity/passwords/login-throttle.ts';
import { PasswordRules } from '../../application/identity/passwords/password-rules.ts';
import { CONFIRM_PASSWORD, LOGIN_THROTTLE, PASSWORD_RULES } from '../tokens/identity.ts';
import { ATTEMPT_COUNTERS, AUDIT, PASSWORD_HASHER, USERS } from '../tokens.ts';

/** Binds which passwords may be chosen, how they are hashed, and how those who guess them are slowed down. */
export function bindPasswords(
  container: Container,
  settings: ThrottleSettings & { readonly demo: boolean },
): void {
  container.bind(PASSWORD_HASHER).toConstantValue(new Argon2PasswordHasher());
  container
    .bind(PASSWORD_RULES)
    .toConstantValue(new PasswordRules({ common: new ZxcvbnCommonPasswords(), demo: settings.demo }));
  container
    .bind(LOGIN_THROTTLE)
    .toResolvedValue((counters) => new LoginThrottle({ counters, settings }), [ATTEMPT_COUNTERS])
    .inSingletonScope();
  container
    .bind(CONFIRM_PASSWORD)
    .toResolvedValue(
      (users, hasher, throttle, audit) => new ConfirmPassword({ users, hasher, throttle, audit }),
      [USERS, PASSWORD_HASHER, LOGIN_THROTTLE, AUDIT],
    );
}
