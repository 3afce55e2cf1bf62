import type { Route } from '../../adapters/inbound/http/route.ts';
import type { CookieDesk } from '../../adapters/inbound/http/routes/identity/cookie-desk.ts';
import type { AdministerUser } from '../../application/identity/administer-user.ts';
import type { IssueApiKey } from '../../application/identity/api-keys/issue-api-key.ts';
import type { ListApiKeys } from '../../application/identity/api-keys/list-api-keys.ts';
import type { MintApiKey } from '../../application/identity/api-keys/mint-api-key.ts';
import type { RevokeApiKey } from '../../application/identity/api-keys/revoke-api-key.ts';
import type { Authenticate } from '../../application/identity/authenticate.ts';
import type { CreateUser } from '../../application/identity/create-user.ts';
import type { DeleteUser } from '../../application/identity/delete-user.ts';
import type { EndLogins } from '../../application/identity/end-logins.ts';
import type { EndUsersLogins } from '../../application/identity/end-users-logins.ts';
import type { EnsureFirstAccounts } from '../../application/identity/ensure-first-accounts.ts';
import type { FollowRevocations } from '../../application/identity/follow-revocations.ts';
import type { HearRevocations } from '../../application/identity/hear-revocations.ts';
import type { HeardCredentials } from '../../application/identity/heard-credentials.ts';
import type { HeardEnds } from '../../application/identity/heard-ends.ts';
import type { ListLogins } from '../../application/identity/list-logins.ts';
import type { ListUsers } from '../../application/identity/list-users.ts';
import type { LogIn } from '../../application/identity/log-in.ts';
import type { LogInBrowser } from '../../application/identity/log-in-browser.ts';
import type { LogOut } from '../../application/identity/log-out.ts';
import type { LoginAdmission } from '../../application/identity/login-admission.ts';
import type { LoginRenewal } from '../../application/identity/login-renewal.ts';
import type { LoginUse } from '../../application/identity/login-use.ts';
import type { ChangePassword } from '../../application/identity/passwords/change-password.ts';
import type { ConfirmPassword } from '../../application/identity/passwords/confirm-password.ts';
import type { LoginThrottle } from '../../application/identity/passwords/login-throttle.ts';
import type { PasswordRules } from '../../application/identity/passwords/password-rules.ts';
import type { ReadProfile } from '../../application/identity/read-profile.ts';
import type { RefreshLogin } from '../../application/identity/refresh-login.ts';
import type { ResolveCredential } from '../../application/identity/resolve-credential.ts';
import type { TellRevocations } from '../../application/identity/tell-revocations.ts';
import type { MintTicket } from '../../application/identity/tickets/mint-ticket.ts';
import type {
  AccessTokenIssuer,
  AccessTokenVerifier,
} from '../../application/ports/identity/access-tokens.ts';
import type { CookieVerifier } from '../../application/ports/identity/cookie-verifier.ts';
import type { LongUse } from '../../application/ports/identity/long-use.ts';
import { identify } from '../tokens.ts';

/** The one object that issues and verifies access tokens, so that both use the same keys. */
export const ACCESS_TOKENS = identify<AccessTokenIssuer & AccessTokenVerifier>('AccessTokens');
export const AUTHENTICATE = identify<Authenticate>('Authenticate');
export const CREATE_USER = identify<CreateUser>('CreateUser');
export const LOGIN_THROTTLE = identify<LoginThrottle>('LoginThrottle');
export const PASSWORD_RULES = identify<PasswordRules>('PasswordRules');
export const CONFIRM_PASSWORD = identify<ConfirmPassword>('ConfirmPassword');
export const LOGIN_ADMISSION = identify<LoginAdmission>('LoginAdmission');
export const LOG_IN = identify<LogIn>('LogIn');
export const LOG_IN_BROWSER = identify<LogInBrowser>('LogInBrowser');
export const COOKIE_VERIFIER = identify<CookieVerifier>('CookieVerifier');
export const LOGIN_USE = identify<LoginUse>('LoginUse');
/** Told by whoever serves somebody for longer than a request. */
export const LONG_USE = identify<LongUse>('LongUse');
export const LOGIN_RENEWAL = identify<LoginRenewal>('LoginRenewal');
export const LIST_LOGINS = identify<ListLogins>('ListLogins');
export const END_USERS_LOGINS = identify<EndUsersLogins>('EndUsersLogins');
export const END_LOGINS = identify<EndLogins>('EndLogins');
export const COOKIE_DESK = identify<CookieDesk>('CookieDesk');
export const REFRESH_LOGIN = identify<RefreshLogin>('RefreshLogin');
export const LOG_OUT = identify<LogOut>('LogOut');
export const READ_PROFILE = identify<ReadProfile>('ReadProfile');
export const CHANGE_PASSWORD = identify<ChangePassword>('ChangePassword');
export const LIST_USERS = identify<ListUsers>('ListUsers');
export const ADMINISTER_USER = identify<AdministerUser>('AdministerUser');
export const DELETE_USER = identify<DeleteUser>('DeleteUser');
export const RESOLVE_CREDENTIAL = identify<ResolveCredential>('ResolveCredential');
export const ISSUE_API_KEY = identify<IssueApiKey>('IssueApiKey');
export const MINT_API_KEY = identify<MintApiKey>('MintApiKey');
export const LIST_API_KEYS = identify<ListApiKeys>('ListApiKeys');
export const REVOKE_API_KEY = identify<RevokeApiKey>('RevokeApiKey');
export const MINT_TICKET = identify<MintTicket>('MintTicket');
export const TELL_REVOCATIONS = identify<TellRevocations>('TellRevocations');
/** In a service that runs apart from auth: what it has heard of ended logins. */
export const HEAR_REVOCATIONS = identify<HearRevocations>('HearRevocations');
export const HEARD_ENDS = identify<HeardEnds>('HeardEnds');
/** In a service that runs apart from auth: what asks it about keys and tickets. */
export const HEARD_CREDENTIALS = identify<HeardCredentials>('HeardCredentials');
/** In a service that runs apart from auth: what listens to it. */
export const FOLLOW_REVOCATIONS = identify<FollowRevocations>('FollowRevocations');
export const ENSURE_FIRST_ACCOUNTS = identify<EnsureFirstAccounts>('EnsureFirstAccounts');
export const IDENTITY_ROUTES = identify<readonly Route[]>('IdentityRoutes');
