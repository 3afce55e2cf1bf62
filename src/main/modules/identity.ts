import type { Container } from 'inversify';
import { identityRoutes } from '../../adapters/inbound/http/routes/identity/identity-routes.ts';
import { JoseAccessTokens } from '../../adapters/outbound/jose/jose-access-tokens.ts';
import { AdministerUser } from '../../application/identity/administer-user.ts';
import { Authenticate } from '../../application/identity/authenticate.ts';
import { CreateUser } from '../../application/identity/create-user.ts';
import { DeleteUser } from '../../application/identity/delete-user.ts';
import { EndUsersLogins } from '../../application/identity/end-users-logins.ts';
import { EndedLogins } from '../../application/identity/ended-logins.ts';
import { EnsureFirstAccounts } from '../../application/identity/ensure-first-accounts.ts';
import { HearRevocations } from '../../application/identity/hear-revocations.ts';
import { ListUsers } from '../../application/identity/list-users.ts';
import { LogIn } from '../../application/identity/log-in.ts';
import { LogOut } from '../../application/identity/log-out.ts';
import { LoginAdmission } from '../../application/identity/login-admission.ts';
import { ChangePassword } from '../../application/identity/passwords/change-password.ts';
import type { ThrottleSettings } from '../../application/identity/passwords/login-throttle.ts';
import { ReadProfile } from '../../application/identity/read-profile.ts';
import { RefreshLogin } from '../../application/identity/refresh-login.ts';
import { ResolveCredential } from '../../application/identity/resolve-credential.ts';
import { StoredSessionStatus } from '../../application/identity/stored-session-status.ts';
import { StreamsElsewhere } from '../../application/identity/streams-elsewhere.ts';
import { TellRevocations } from '../../application/identity/tell-revocations.ts';
import { UserDirectory } from '../../application/identity/user-directory.ts';
import { FLEET_BUS } from '../tokens/fleet.ts';
import * as identity from '../tokens/identity.ts';
import {
  API_KEY_VERIFIER,
  API_KEYS,
  AUDIT,
  CLOCK,
  DIGEST,
  IDS,
  LOG,
  LOGIN_ENDS,
  LOGIN_SESSIONS,
  PASSWORD_HASHER,
  PRINCIPAL_DIRECTORY,
  REVOCATIONS,
  SERVICE_KEYS,
  SESSION_STATUS,
  SIGNING_KEYS,
  TICKET_REDEEMER,
  TIMERS,
  TOKEN_ISSUER,
  TOKEN_VERIFIER,
  USER_STREAMS,
  USERS,
} from '../tokens.ts';
import { bindApiKeys } from './api-keys.ts';
import { bindCookieLogins, type CookieLoginSettings } from './cookie-logins.ts';
import { bindPasswords } from './passwords.ts';

/** How long credentials live, in milliseconds, and how many wrong ones are borne. */
export interface IdentitySettings extends CookieLoginSettings {
  readonly throttle?: ThrottleSettings;
  /** The server runs with demo accounts, for this machine alone. */
  readonly demo?: boolean;
  readonly accessTokenLifeMs: number;
  readonly loginLifeMs: number;
}

/** Binds auth over the accounts, logins and signing keys that the container has. */
export function bindIdentity(container: Container, settings: IdentitySettings): void {
  const endedLogins = new EndedLogins();
  container.bind(LOGIN_ENDS).toConstantValue(endedLogins);
  container
    .bind(identity.HEAR_REVOCATIONS)
    .toResolvedValue(
      (revocations, bus, timers, log) =>
        new HearRevocations({ revocations, ends: endedLogins, bus, timers, log }),
      [REVOCATIONS, FLEET_BUS, TIMERS, LOG],
    )
    .inSingletonScope();
  container.onActivation(LOGIN_SESSIONS, (_, sessions) => endedLogins.ofSessions(sessions));
  container.onActivation(API_KEYS, (_, apiKeys) => endedLogins.ofApiKeys(apiKeys));
  container.onActivation(USERS, (_, users) => endedLogins.ofUsers(users));
  bindPasswords(container, { ...settings.throttle, demo: settings.demo ?? false });
  bindCredentials(container, settings);
  bindCookieLogins(container, settings);
  bindAuthentication(container);
  bindApiKeys(container);
  bindLogins(container, settings);
  bindAccounts(container);
  bindFeed(container);
  bindRoutes(container);
}

/** Lets auth close accounts where no chat runs in its process. */
export function bindStreamsElsewhere(container: Container): void {
  container.bind(USER_STREAMS).toConstantValue(new StreamsElsewhere());
}

/** Binds what finds out who asks, over whatever verifies credentials here. */
export function bindAuthentication(container: Container): void {
  container
    .bind(identity.AUTHENTICATE)
    .toDynamicValue(
      ({ get }) =>
        new Authenticate({
          tokens: get(TOKEN_VERIFIER),
          sessions: get(SESSION_STATUS),
          serviceKeys: get(SERVICE_KEYS),
          apiKeys: get(API_KEY_VERIFIER),
          tickets: get(TICKET_REDEEMER),
          cookies: get(identity.COOKIE_VERIFIER),
        }),
    )
    .inSingletonScope();
}

function bindCredentials(container: Container, { accessTokenLifeMs }: IdentitySettings): void {
  const lifeSeconds = Math.floor(accessTokenLifeMs / 1000);
  const tokens = identity.ACCESS_TOKENS;
  container
    .bind(tokens)
    .toResolvedValue(
      (keys, clock, ids) => new JoseAccessTokens({ keys, clock, ids, lifeSeconds }),
      [SIGNING_KEYS, CLOCK, IDS],
    )
    .inSingletonScope();
  container.bind(TOKEN_ISSUER).toResolvedValue((issuer) => issuer, [tokens]);
  container.bind(TOKEN_VERIFIER).toResolvedValue((verifier) => verifier, [tokens]);
  container
    .bind(SESSION_STATUS)
    .toResolvedValue(
      (sessions, apiKeys, users, clock) => new StoredSessionStatus({ sessions, apiKeys, users, clock }),
      [LOGIN_SESSIONS, API_KEYS, USERS, CLOCK],
    )
    .inSingletonScope();
  container.bind(PRINCIPAL_DIRECTORY).toResolvedValue((users) => new UserDirectory(users), [USERS]);
}

function bindLogins(container: Container, { loginLifeMs }: IdentitySettings): void {
  container
    .bind(identity.LOGIN_ADMISSION)
    .toResolvedValue(
      (users, sessions, hasher, throttle, clock, audit) =>
        new LoginAdmission({ users, sessions, hasher, throttle, clock, audit }),
      [USERS, LOGIN_SESSIONS, PASSWORD_HASHER, identity.LOGIN_THROTTLE, CLOCK, AUDIT],
    )
    .inSingletonScope();
  container
    .bind(identity.LOG_IN)
    .toResolvedValue(
      (admission, sessions, tokens, ids, digest, clock) =>
        new LogIn({ admission, sessions, tokens, ids, digest, clock, loginLifeMs }),
      [identity.LOGIN_ADMISSION, LOGIN_SESSIONS, TOKEN_ISSUER, IDS, DIGEST, CLOCK],
    );
  container
    .bind(identity.REFRESH_LOGIN)
    .toResolvedValue(
      (users, sessions, throttle, tokens, ids, digest, clock, audit) =>
        new RefreshLogin({ users, sessions, throttle, tokens, ids, digest, clock, audit }),
      [USERS, LOGIN_SESSIONS, identity.LOGIN_THROTTLE, TOKEN_ISSUER, IDS, DIGEST, CLOCK, AUDIT],
    );
  container
    .bind(identity.LOG_OUT)
    .toResolvedValue(
      (sessions, digest, clock) => new LogOut({ sessions, digest, clock }),
      [LOGIN_SESSIONS, DIGEST, CLOCK],
    );
  container
    .bind(identity.CHANGE_PASSWORD)
    .toResolvedValue(
      (users, hasher, rules, confirm, tokens, renewal, clock, audit) =>
        new ChangePassword({ users, hasher, rules, confirm, tokens, renewal, clock, audit }),
      [
        USERS,
        PASSWORD_HASHER,
        identity.PASSWORD_RULES,
        identity.CONFIRM_PASSWORD,
        TOKEN_ISSUER,
        identity.LOGIN_RENEWAL,
        CLOCK,
        AUDIT,
      ],
    );
  container
    .bind(identity.RESOLVE_CREDENTIAL)
    .toResolvedValue((authenticate) => new ResolveCredential({ authenticate }), [identity.AUTHENTICATE]);
}

function bindAccounts(container: Container): void {
  container.bind(identity.READ_PROFILE).toResolvedValue((users) => new ReadProfile({ users }), [USERS]);
  container.bind(identity.LIST_USERS).toResolvedValue((users) => new ListUsers({ users }), [USERS]);
  container
    .bind(identity.CREATE_USER)
    .toResolvedValue(
      (users, hasher, rules, throttle, ids, clock, audit) =>
        new CreateUser({ users, hasher, rules, throttle, ids, clock, audit }),
      [USERS, PASSWORD_HASHER, identity.PASSWORD_RULES, identity.LOGIN_THROTTLE, IDS, CLOCK, AUDIT],
    );
  container
    .bind(identity.ADMINISTER_USER)
    .toResolvedValue(
      (users, hasher, rules, clock, userStreams) =>
        new AdministerUser({ users, hasher, rules, clock, userStreams }),
      [USERS, PASSWORD_HASHER, identity.PASSWORD_RULES, CLOCK, USER_STREAMS],
    );
  container
    .bind(identity.END_USERS_LOGINS)
    .toResolvedValue(
      (users, sessions, clock) => new EndUsersLogins({ users, sessions, clock }),
      [USERS, LOGIN_SESSIONS, CLOCK],
    );
  container
    .bind(identity.DELETE_USER)
    .toResolvedValue(
      (users, ids, clock, userStreams) => new DeleteUser({ users, ids, clock, userStreams }),
      [USERS, IDS, CLOCK, USER_STREAMS],
    );
  container
    .bind(identity.ENSURE_FIRST_ACCOUNTS)
    .toResolvedValue(
      (users, hasher, ids, clock) => new EnsureFirstAccounts({ users, hasher, ids, clock }),
      [USERS, PASSWORD_HASHER, IDS, CLOCK],
    );
}

function bindFeed(container: Container): void {
  container
    .bind(identity.TELL_REVOCATIONS)
    .toResolvedValue(
      (revocations, loginEnds, timers) => new TellRevocations({ revocations, loginEnds, timers }),
      [REVOCATIONS, LOGIN_ENDS, TIMERS],
    );
}

function bindRoutes(container: Container): void {
  container
    .bind(identity.IDENTITY_ROUTES)
    .toDynamicValue(({ get }) =>
      identityRoutes({
        createUser: get(identity.CREATE_USER),
        logIn: get(identity.LOG_IN),
        refreshLogin: get(identity.REFRESH_LOGIN),
        logOut: get(identity.LOG_OUT),
        logInBrowser: get(identity.LOG_IN_BROWSER),
        listLogins: get(identity.LIST_LOGINS),
        endLogins: get(identity.END_LOGINS),
        endUsersLogins: get(identity.END_USERS_LOGINS),
        cookies: get(identity.COOKIE_DESK),
        readProfile: get(identity.READ_PROFILE),
        changePassword: get(identity.CHANGE_PASSWORD),
        listUsers: get(identity.LIST_USERS),
        administerUser: get(identity.ADMINISTER_USER),
        deleteUser: get(identity.DELETE_USER),
        resolveCredential: get(identity.RESOLVE_CREDENTIAL),
        mintApiKey: get(identity.MINT_API_KEY),
        listApiKeys: get(identity.LIST_API_KEYS),
        revokeApiKey: get(identity.REVOKE_API_KEY),
        mintTicket: get(identity.MINT_TICKET),
        directory: get(PRINCIPAL_DIRECTORY),
        tellRevocations: get(identity.TELL_REVOCATIONS),
        use: get(identity.LOGIN_USE),
        keys: get(TOKEN_ISSUER),
      }),
    )
    .inSingletonScope();
}
