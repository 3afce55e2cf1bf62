import type { SigningKey } from '../../../../application/ports/identity/signing-key-repository.ts';
import type {
  SessionsChange,
  UserChangeOutcome,
} from '../../../../application/ports/identity/user-repository.ts';
import {
  changeUser,
  isEnabledAdmin,
  isOutdated,
  type UserChange,
} from '../../../../domain/identity/change-user.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { User } from '../../../../domain/identity/user.ts';
import type { Transaction, WriterDatabase } from '../operation.ts';
import { revokeKeysOf } from './api-key-operations.ts';
import { signingKeyFrom, USER_COLUMNS, userFrom } from './identity-rows.ts';
import { type Audited, changeSessions } from './login-session-operations.ts';

export interface AddUserInput extends Audited {
  readonly user: User;
}
export interface ChangeInput extends Audited {
  readonly id: UserId;
  readonly change: UserChange;
  readonly sessions?: SessionsChange;
}

/** The writes of accounts and signing keys, by name. */
export const IDENTITY_OPERATIONS = {
  'identity.add-user': addUser,
  'identity.change-user': applyChange,
  'identity.add-first-key': addFirstKey,
};

function addUser(db: Transaction, { user, audit }: AddUserInput): 'added' | 'taken' {
  const { changes } = db
    .prepare(
      `INSERT INTO users (${USER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .run(...valuesOf(user));
  if (changes === 0) return 'taken';
  db.audit(audit);
  return 'added';
}

function applyChange(db: Transaction, { id, change, sessions, audit }: ChangeInput): UserChangeOutcome {
  const row = db.prepare(`SELECT ${USER_COLUMNS} FROM users WHERE id = ?`).get(id);
  const user = row && userFrom(row);
  if (user === undefined || user.deletedAtMs !== undefined) return 'not-found';
  if (isOutdated(user, change)) return 'outdated';
  const changed = changeUser(user, change);
  if (isEnabledAdmin(user) && !isEnabledAdmin(changed) && !hasOtherAdmin(db, id)) return 'last-admin';
  if (sessions !== undefined && !changeSessions(db, id, sessions)) return 'session-ended';
  const [, ...values] = valuesOf(changed);
  db.prepare(
    `UPDATE users SET username = ?, username_key = ?, email = ?, email_key = ?, password_hash = ?,
       password_mark = ?, role = ?, is_verified = ?, disabled_at_ms = ?, deleted_at_ms = ?, created_at_ms = ?
     WHERE id = ?`,
  ).run(...values, id);
  if (changed.disabledAtMs !== undefined) {
    revokeKeysOf(db, { userId: id, nowMs: changed.disabledAtMs });
  }
  if (sessions !== undefined) {
    const closed = changed.disabledAtMs === undefined ? 0 : 1;
    db.prepare("INSERT INTO revocations (kind, id, closed, at_ms) VALUES ('user', ?, ?, ?)").run(
      id,
      closed,
      sessions.endSessionsAtMs,
    );
  }
  db.audit(audit);
  return 'changed';
}

function hasOtherAdmin(db: WriterDatabase, id: UserId): boolean {
  const other = db
    .prepare(
      `SELECT 1 FROM users WHERE role = 'admin' AND disabled_at_ms IS NULL AND deleted_at_ms IS NULL
         AND id <> ? LIMIT 1`,
    )
    .get(id);
  return other !== undefined;
}

function valuesOf(user: User): Array<string | number | null> {
  return [
    user.id,
    user.username,
    user.usernameKey,
    user.email,
    user.emailKey,
    user.passwordHash,
    user.passwordMark ?? null,
    user.role,
    user.isVerified ? 1 : 0,
    user.disabledAtMs ?? null,
    user.deletedAtMs ?? null,
    user.createdAtMs,
  ];
}

function addFirstKey(db: WriterDatabase, key: SigningKey): SigningKey {
  const row = db.prepare('SELECT * FROM signing_keys ORDER BY created_at_ms DESC, kid LIMIT 1').get();
  if (row !== undefined) return signingKeyFrom(row);
  db.prepare('INSERT INTO signing_keys (kid, algorithm, private_jwk, created_at_ms) VALUES (?, ?, ?, ?)').run(
    key.kid,
    key.algorithm,
    key.privateJwk,
    key.createdAtMs,
  );
  return key;
}
