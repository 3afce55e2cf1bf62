import type { Found, IdentityPicture, Page, Seen } from '../../../../application/ports/store-inspection.ts';
import type { ApiKey } from '../../../../domain/identity/api-key.ts';
import type { LoginSession } from '../../../../domain/identity/login-session.ts';
import type { User } from '../../../../domain/identity/user.ts';
import { API_KEY_COLUMNS, apiKeyFrom } from '../identity/api-key-rows.ts';
import { type Row, SESSION_COLUMNS, sessionFrom, USER_COLUMNS, userFrom } from '../identity/identity-rows.ts';
import type { ExaminedTables } from './examined-tables.ts';

const SELECT_USER = `SELECT ${USER_COLUMNS} FROM users`;
const SELECT_LOGIN = `SELECT ${SESSION_COLUMNS}, cookie_sha256,
  (SELECT count(*) FROM refresh_tokens WHERE session_id = login_sessions.id AND spent = 0) AS usable
  FROM login_sessions`;
const SELECT_KEY = `SELECT ${API_KEY_COLUMNS} FROM api_keys`;

/** Accounts, logins and keys of the embedded store. */
export class SqliteIdentityPicture implements IdentityPicture {
  readonly #tables: ExaminedTables;

  constructor(tables: ExaminedTables) {
    this.#tables = tables;
  }

  users(): AsyncIterable<Page<User>> {
    return this.#tables.each('users', 'id', SELECT_USER, userFrom);
  }

  logins(): AsyncIterable<Page<LoginSession>> {
    return this.#tables.each('login_sessions', 'id', SELECT_LOGIN, sessionFrom, undefined, amissOf);
  }

  apiKeys(): AsyncIterable<Page<ApiKey>> {
    return this.#tables.each('api_keys', 'id', SELECT_KEY, apiKeyFrom);
  }

  async usersOf(ids: readonly string[]): Promise<Found<Seen<User>>> {
    return this.#tables.of('users', `${SELECT_USER} WHERE id = ?`, ids, userFrom);
  }
}

/** What of a login's credentials does not go with it: nobody could use it, or somebody could use it twice. */
function amissOf({ kind, cookie_sha256: cookie, usable }: Row): string | undefined {
  if ((kind === 'cookie') !== (cookie !== null))
    return `it is a ${kind}'s and is ${cookie === null ? 'not ' : ''}found by one`;
  if (usable === (kind === 'bearer' ? 1 : 0)) return undefined;
  return `it is a ${kind}'s, and ${usable} of its refresh tokens can be exchanged`;
}
