import type {
  SessionsChange,
  UserChangeOutcome,
  UserPage,
  UserRepository,
} from '../../../../application/ports/identity/user-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { UserChange } from '../../../../domain/identity/change-user.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { User } from '../../../../domain/identity/user.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { AddUserInput, ChangeInput } from './identity-operations.ts';
import { USER_COLUMNS, userFrom } from './identity-rows.ts';

/** Accounts in the embedded store. */
export class SqliteUserRepository implements UserRepository {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  add(user: User, audit?: readonly AuditRecord[]): Promise<'added' | 'taken'> {
    const input: AddUserInput = { user, audit };
    return this.#store.write('identity.add-user', input, 'full');
  }

  find(id: UserId): Promise<User | undefined> {
    return this.#findBy('id', id);
  }

  findByUsername(usernameKey: string): Promise<User | undefined> {
    return this.#findBy('username_key', usernameKey);
  }

  findByEmail(emailKey: string): Promise<User | undefined> {
    return this.#findBy('email_key', emailKey);
  }

  search(text: string, page: { readonly offset: number; readonly limit: number }): Promise<UserPage> {
    const matches = 'instr(username_key, ?1) > 0 OR instr(email_key, ?1) > 0';
    return this.#store.read((db) => {
      const rows = db
        .prepare(
          `SELECT ${USER_COLUMNS} FROM users WHERE ${matches} ORDER BY created_at_ms, id LIMIT ?2 OFFSET ?3`,
        )
        .all(text, page.limit, page.offset);
      const counted = db.prepare(`SELECT count(*) AS total FROM users WHERE ${matches}`).get(text);
      return { users: rows.map(userFrom), total: counted?.total as number };
    });
  }

  change(
    id: UserId,
    change: UserChange,
    sessions?: SessionsChange,
    audit?: readonly AuditRecord[],
  ): Promise<UserChangeOutcome> {
    const input: ChangeInput = { id, change, ...(sessions === undefined ? {} : { sessions }), audit };
    return this.#store.write('identity.change-user', input, 'full');
  }

  count(): Promise<number> {
    return this.#store.read((db) => db.prepare('SELECT count(*) AS total FROM users').get()?.total as number);
  }

  hasMark(mark: NonNullable<User['passwordMark']>): Promise<boolean> {
    return this.#store.read((db) => {
      const sql = 'SELECT 1 FROM users WHERE password_mark = ? AND disabled_at_ms IS NULL LIMIT 1';
      return db.prepare(sql).get(mark) !== undefined;
    });
  }

  #findBy(column: 'id' | 'username_key' | 'email_key', value: string): Promise<User | undefined> {
    return this.#store.read((db) => {
      const row = db.prepare(`SELECT ${USER_COLUMNS} FROM users WHERE ${column} = ?`).get(value);
      return row && userFrom(row);
    });
  }
}
