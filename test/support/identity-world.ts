import { CookieDesk } from '../../src/adapters/inbound/http/routes/identity/cookie-desk.ts';
import { SessionCookie } from '../../src/adapters/inbound/http/session-cookie.ts';
import { JoseAccessTokens } from '../../src/adapters/outbound/jose/jose-access-tokens.ts';
import { MemoryApiKeyRepository } from '../../src/adapters/outbound/memory/identity/memory-api-key-repository.ts';
import { MemoryAttemptCounters } from '../../src/adapters/outbound/memory/identity/memory-attempt-counters.ts';
import { MemoryLoginSessionRepository } from '../../src/adapters/outbound/memory/identity/memory-login-session-repository.ts';
import { MemoryRevocationLog } from '../../src/adapters/outbound/memory/identity/memory-revocation-log.ts';
import { MemorySigningKeyRepository } from '../../src/adapters/outbound/memory/identity/memory-signing-key-repository.ts';
import { MemoryTicketRepository } from '../../src/adapters/outbound/memory/identity/memory-ticket-repository.ts';
import { MemoryUserRepository } from '../../src/adapters/outbound/memory/identity/memory-user-repository.ts';
import { CryptoIdSource } from '../../src/adapters/outbound/system/crypto-id-source.ts';
import { NodeDigest } from '../../src/adapters/outbound/system/node-digest.ts';
import { SystemTimers } from '../../src/adapters/outbound/system/system-timers.ts';
import { ZxcvbnCommonPasswords } from '../../src/adapters/outbound/zxcvbn/zxcvbn-common-passwords.ts';
import { AdministerUser } from '../../src/application/identity/administer-user.ts';
import { IssueApiKey, type IssuedApiKey } from '../../src/application/identity/api-keys/issue-api-key.ts';
import { ListApiKeys } from '../../src/application/identity/api-keys/list-api-keys.ts';
import { MintApiKey } from '../../src/application/identity/api-keys/mint-api-key.ts';
import { RevokeApiKey } from '../../src/application/identity/api-keys/revoke-api-key.ts';
import { StoredApiKeys } from '../../src/application/identity/api-keys/stored-api-keys.ts';
import { Authenticate } from '../../src/application/identity/authenticate.ts';
import { CreateUser } from '../../src/application/identity/create-user.ts';
import { DeleteUser } from '../../src/application/identity/delete-user.ts';
import { EndLogins } from '../../src/application/identity/end-logins.ts';
import { EndUsersLogins } from '../../src/application/identity/end-users-logins.ts';
import { EndedLogins } from '../../src/application/identity/ended-logins.ts';
import { EnsureFirstAccounts } from '../../src/application/identity/ensure-first-accounts.ts';
import { ListLogins } from '../../src/application/identity/list-logins.ts';
import { ListUsers } from '../../src/application/identity/list-users.ts';
import { LogIn } from '../../src/application/identity/log-in.ts';
import { type BrowserLogin, LogInBrowser } from '../../src/application/identity/log-in-browser.ts';
import { LogOut } from '../../src/application/identity/log-out.ts';
import { LoginAdmission } from '../../src/application/identity/login-admission.ts';
import type { LoginGrant } from '../../src/application/identity/login-grant.ts';
import { LoginRenewal } from '../../src/application/identity/login-renewal.ts';
import { LoginUse } from '../../src/application/identity/login-use.ts';
import { ChangePassword } from '../../src/application/identity/passwords/change-password.ts';
import { ConfirmPassword } from '../../src/application/identity/passwords/confirm-password.ts';
import { LoginThrottle } from '../../src/application/identity/passwords/login-throttle.ts';
import { PasswordRules } from '../../src/application/identity/passwords/password-rules.ts';
import { ReadProfile } from '../../src/application/identity/read-profile.ts';
import { RecogniseCookie } from '../../src/application/identity/recognise-cookie.ts';
import { RefreshLogin } from '../../src/application/identity/refresh-login.ts';
import { ResolveCredential } from '../../src/application/identity/resolve-credential.ts';
import { StoredSessionStatus } from '../../src/application/identity/stored-session-status.ts';
import { TellRevocations } from '../../src/application/identity/tell-revocations.ts';
import { MintTicket } from '../../src/application/identity/tickets/mint-ticket.ts';
import { StoredTickets } from '../../src/application/identity/tickets/stored-tickets.ts';
import { UserDirectory } from '../../src/application/identity/user-directory.ts';
import type { UserProfile } from '../../src/application/identity/user-profile.ts';
import type { PasswordHasher } from '../../src/application/ports/identity/password-hasher.ts';
import type { ApiKeyDraft } from '../../src/domain/identity/api-key.ts';
import type { UserId } from '../../src/domain/identity/ids.ts';
import type { Role } from '../../src/domain/identity/principal.ts';
import { ManualClock } from './manual-clock.ts';
import { RecordingAudit } from './recording-audit.ts';

/** The service key that the world's services know each other by. */
export const SERVICE_KEY = 'the-service-key';

/** Hashes in no time and counts what a real one would have cost. */
export class CountingHasher implements PasswordHasher {
  /** Hashes computed so far, by either method. */
  spent = 0;
  /** The length of each password that was compared, and whether there was a hash to compare it with. */
  readonly compared: Array<{ readonly characters: number; readonly known: boolean }> = [];
  cost = 'today';

  async hash(password: string): Promise<string> {
    this.spent += 1;
    return `${this.cost}:${password}`;
  }

  async verify(password: string, hash: string | undefined): Promise<boolean> {
    this.spent += 1;
    this.compared.push({ characters: password.length, known: hash !== undefined });
    return hash !== undefined && hash.slice(hash.indexOf(':') + 1) === password;
  }

  needsRehash(hash: string): boolean {
    return !hash.startsWith(`${this.cost}:`);
  }
}

/** Auth in memory: real rules, real tokens, a cheap hasher, a clock moved by hand. */
export class IdentityWorld {
  readonly clock = new ManualClock();
  readonly hasher = new CountingHasher();
  readonly audit = new RecordingAudit();
  readonly records = this.audit.records;
  readonly ids = new CryptoIdSource();
  readonly digest = new NodeDigest();
  readonly timers = new SystemTimers();
  readonly revocations = new MemoryRevocationLog();
  readonly loginEnds = new EndedLogins();
  readonly #sessions = new MemoryLoginSessionRepository(this.revocations, this.audit.log);
  readonly sessions = this.loginEnds.ofSessions(this.#sessions);
  readonly #apiKeys = new MemoryApiKeyRepository(this.revocations, this.audit.log);
  readonly apiKeys = this.loginEnds.ofApiKeys(this.#apiKeys);
  readonly tickets = new MemoryTicketRepository();
  readonly users = this.loginEnds.ofUsers(
    new MemoryUserRepository(this.#sessions, this.#apiKeys, this.revocations, this.audit.log),
  );
  readonly signingKeys = new MemorySigningKeyRepository();
  readonly tokens = new JoseAccessTokens({ keys: this.signingKeys, clock: this.clock, ids: this.ids });
  readonly status = new StoredSessionStatus(this);
  readonly directory = new UserDirectory(this.users);
  readonly keys = this.tokens;
  readonly idleMs = 1_800_000;
  readonly absoluteMs = 43_200_000;
  readonly use = new LoginUse(this);
  readonly recogniseCookie = new RecogniseCookie(this);
  readonly storedApiKeys = new StoredApiKeys(this);
  readonly storedTickets = new StoredTickets({
    tickets: this.tickets,
    users: this.users,
    sessions: this.status,
    digest: this.digest,
    clock: this.clock,
  });
  readonly authenticate = new Authenticate({
    tokens: this.tokens,
    cookies: this.recogniseCookie,
    sessions: this.status,
    serviceKeys: { accepts: (presented) => presented === SERVICE_KEY },
    apiKeys: this.storedApiKeys,
    tickets: this.storedTickets,
  });
  readonly counters = new MemoryAttemptCounters(this);
  readonly throttle = new LoginThrottle(this);
  readonly common = new ZxcvbnCommonPasswords();
  readonly rules = new PasswordRules(this);
  readonly confirm = new ConfirmPassword(this);
  readonly issueApiKey = new IssueApiKey(this);
  readonly mintApiKey = new MintApiKey(this);
  readonly listApiKeys = new ListApiKeys(this);
  readonly revokeApiKey = new RevokeApiKey(this);
  readonly mintTicket = new MintTicket(this);
  readonly createUser = new CreateUser(this);
  readonly admission = new LoginAdmission(this);
  readonly logIn = new LogIn(this);
  readonly logInBrowser = new LogInBrowser(this);
  readonly renewal = new LoginRenewal(this);
  readonly listLogins = new ListLogins(this);
  readonly endLogins = new EndLogins(this);
  readonly endUsersLogins = new EndUsersLogins(this);
  readonly cookies = new CookieDesk({ cookie: new SessionCookie(), clock: this.clock });
  readonly refreshLogin = new RefreshLogin(this);
  readonly logOut = new LogOut(this);
  readonly readProfile = new ReadProfile(this);
  readonly changePassword = new ChangePassword(this);
  readonly listUsers = new ListUsers(this);
  /** Whose streams were stopped, in order. */
  readonly stopped: UserId[] = [];
  readonly userStreams = { stopAll: async (userId: UserId) => void this.stopped.push(userId) };
  readonly administerUser = new AdministerUser(this);
  readonly deleteUser = new DeleteUser(this);
  readonly tellRevocations = new TellRevocations(this);
  readonly resolveCredential = new ResolveCredential(this);
  readonly ensureFirstAccounts = new EnsureFirstAccounts(this);

  /** Makes an account whose password is `password of <username>`. */
  addUser(username: string, role: Role = 'user'): Promise<UserProfile> {
    return this.createUser.execute({
      username,
      email: `${username}@example.org`,
      password: `password of ${username}`,
      by: { actor: 'system', role, isVerified: true },
    });
  }

  /** Logs in from this machine. */
  login(username: string, password = `password of ${username}`): Promise<LoginGrant> {
    return this.logIn.execute({ username, password, peer: { local: true, address: '127.0.0.1' } });
  }

  /** Makes an API key of somebody's, as the operator would; without a name one of an agent. */
  async mintKey(draft: Partial<ApiKeyDraft> & { readonly owner?: string } = {}): Promise<IssuedApiKey> {
    const { owner, ...given } = draft;
    const maker = owner === undefined ? undefined : await this.users.findByUsername(owner);
    const scopes: ApiKeyDraft['scopes'] = owner === undefined ? ['control'] : ['chat'];
    return this.issueApiKey.execute({ maker, draft: { name: 'a key', scopes, ...given }, actor: 'system' });
  }

  /** Logs a browser in from this machine. */
  loginBrowser(username: string, presentedSecret?: string): Promise<BrowserLogin> {
    const attempt = { username, password: `password of ${username}`, peer: { local: true } };
    return this.logInBrowser.execute({
      ...attempt,
      ...(presentedSecret === undefined ? {} : { presentedSecret }),
    });
  }

  /** Refreshes from this machine. */
  refresh(refreshToken: string): Promise<LoginGrant> {
    return this.refreshLogin.execute({ refreshToken, peer: { local: true } });
  }

  /** The acts recorded so far, with their outcomes. */
  acts(): string[] {
    return this.records.map(({ act, outcome }) => `${act} ${outcome}`);
  }
}
