import type { AdministerUser } from '../../../../../application/identity/administer-user.ts';
import type { ListApiKeys } from '../../../../../application/identity/api-keys/list-api-keys.ts';
import type { MintApiKey } from '../../../../../application/identity/api-keys/mint-api-key.ts';
import type { RevokeApiKey } from '../../../../../application/identity/api-keys/revoke-api-key.ts';
import type { CreateUser } from '../../../../../application/identity/create-user.ts';
import type { DeleteUser } from '../../../../../application/identity/delete-user.ts';
import type { EndLogins } from '../../../../../application/identity/end-logins.ts';
import type { ListLogins } from '../../../../../application/identity/list-logins.ts';
import type { ListUsers } from '../../../../../application/identity/list-users.ts';
import type { LogIn } from '../../../../../application/identity/log-in.ts';
import type { LogInBrowser } from '../../../../../application/identity/log-in-browser.ts';
import type { LogOut } from '../../../../../application/identity/log-out.ts';
import type { ChangePassword } from '../../../../../application/identity/passwords/change-password.ts';
import type { ReadProfile } from '../../../../../application/identity/read-profile.ts';
import type { RefreshLogin } from '../../../../../application/identity/refresh-login.ts';
import type { ResolveCredential } from '../../../../../application/identity/resolve-credential.ts';
import type { MintTicket } from '../../../../../application/identity/tickets/mint-ticket.ts';
import type { AccessTokenIssuer } from '../../../../../application/ports/identity/access-tokens.ts';
import type { LongUse } from '../../../../../application/ports/identity/long-use.ts';
import type { PrincipalDirectory } from '../../../../../application/ports/identity/principal-directory.ts';
import type { RevocationFeed } from '../../../../../application/ports/identity/revocation-feed.ts';
import type { CookieDesk } from './cookie-desk.ts';

/** What auth's routes ask for. */
export interface IdentityUseCases {
  readonly createUser: CreateUser;
  readonly logIn: LogIn;
  readonly refreshLogin: RefreshLogin;
  readonly logOut: LogOut;
  readonly logInBrowser: LogInBrowser;
  readonly listLogins: ListLogins;
  readonly endLogins: EndLogins;
  readonly readProfile: ReadProfile;
  readonly changePassword: ChangePassword;
  readonly listUsers: ListUsers;
  readonly administerUser: AdministerUser;
  readonly deleteUser: DeleteUser;
  readonly resolveCredential: ResolveCredential;
  readonly mintApiKey: MintApiKey;
  readonly listApiKeys: ListApiKeys;
  readonly revokeApiKey: RevokeApiKey;
  readonly mintTicket: MintTicket;
  readonly directory: PrincipalDirectory;
  readonly cookies: CookieDesk;
  readonly tellRevocations: RevocationFeed;
  readonly use: Pick<LongUse, 'tell'>;
  readonly keys: Pick<AccessTokenIssuer, 'publicKeys'>;
}
