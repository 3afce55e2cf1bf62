import { type ApiKey, isControl } from '../../domain/identity/api-key.ts';
import { type LoginSession, MAX_LOGIN_LIFE_MS } from '../../domain/identity/login-session.ts';
import { foldName, type User } from '../../domain/identity/user.ts';
import type { Found, IdentityPicture, Seen } from '../ports/store-inspection.ts';
import { type Findings, readableOf } from './findings.ts';

/**
 * Logins that may begin after the end of another one until that is forgotten. Each forgets sixteen, so that one which has
 * outlasted so many was not waiting for its turn.
 */
const FORGOTTEN_WITHIN_LOGINS = 10_000;

/** Proves that names are one person's, that every login and key is somebody's, and that logins end and are forgotten. */
export async function checkIdentity(picture: IdentityPicture, findings: Findings): Promise<void> {
  await checkUsers(picture, findings);
  await checkNames(picture, findings);
  await checkLogins(picture, findings);
  await checkKeys(picture, findings);
}

async function checkUsers(picture: IdentityPicture, findings: Findings): Promise<void> {
  const rows = new Map<string, string>();
  for await (const page of findings.readable('users', picture.users())) {
    for (const { row, value } of page) {
      findings.examine(row, () => checkUser(value, row, findings));
      findings.examine(row, () => {
        for (const name of [`username/${foldName(value.username)}`, `email/${foldName(value.email)}`]) {
          const other = rows.get(name);
          findings.expect(other === undefined, 'user.one-name', row, () => `${other} has ${name} too`);
          rows.set(name, row);
        }
      });
    }
  }
}

function checkUser(own: User, row: string, findings: Findings): void {
  const { username, usernameKey, email, emailKey } = own;
  findings.expect(
    usernameKey === foldName(username) && emailKey === foldName(email),
    'user.names',
    row,
    () => `it is found as ${usernameKey} and ${emailKey}, and is ${username} and ${email}`,
  );
  findings.expect(
    own.deletedAtMs === undefined || own.disabledAtMs !== undefined,
    'user.deleted',
    row,
    () => 'it is deleted and not disabled',
  );
}

async function checkNames(picture: IdentityPicture, findings: Findings): Promise<void> {
  if (picture.userNames === undefined) return;
  for await (const page of findings.readable('user_names', picture.userNames())) {
    const users = await picture.usersOf(page.map(({ value }) => value.userId));
    for (const { row, value } of page) {
      const user = readableOf(users.get(value.userId));
      if (user === undefined && users.has(value.userId)) continue;
      const has = user && [`username/${user.usernameKey}`, `email/${user.emailKey}`].includes(value.name);
      const is = user === undefined ? 'is not there' : 'has another';
      findings.expect(has === true, 'name.user', row, () => `its user ${value.userId} ${is}`);
    }
  }
}

async function checkLogins(picture: IdentityPicture, findings: Findings): Promise<void> {
  const begun: number[] = [];
  for await (const page of findings.readable('login_sessions', picture.logins())) {
    const users = await picture.usersOf(page.map(({ value }) => value.userId));
    for (const { row, value } of page) {
      expectUser(users, value.userId, 'login.user', row, findings);
      checkTimes(value, row, findings);
      begun.push(value.createdAtMs);
    }
  }
  const allowance = begun.sort((one, other) => one - other).at(-FORGOTTEN_WITHIN_LOGINS);
  if (allowance === undefined) return;
  for await (const page of picture.logins()) {
    for (const seen of page) {
      const { expiresAtMs = allowance } = readableOf(seen) ?? {};
      findings.expect(
        expiresAtMs >= allowance,
        'login.forgotten',
        seen.row,
        () => `its time was over at ${expiresAtMs}, and ${FORGOTTEN_WITHIN_LOGINS} logins have begun since`,
      );
    }
  }
}

function checkTimes(own: LoginSession, row: string, findings: Findings): void {
  const { createdAtMs, expiresAtMs, idleEndsAtMs, kind } = own;
  findings.expect(
    expiresAtMs - createdAtMs <= MAX_LOGIN_LIFE_MS && (idleEndsAtMs ?? expiresAtMs) <= expiresAtMs,
    'login.times',
    row,
    () =>
      `it began at ${createdAtMs}, may idle until ${idleEndsAtMs ?? 'its end'} and ends at ${expiresAtMs}`,
  );
  findings.expect(
    (kind === 'cookie') === (idleEndsAtMs !== undefined),
    'login.times',
    row,
    () => `it is a ${kind}'s, and ${idleEndsAtMs === undefined ? 'never ends idle' : 'ends idle'}`,
  );
}

async function checkKeys(picture: IdentityPicture, findings: Findings): Promise<void> {
  for await (const page of findings.readable('api_keys', picture.apiKeys())) {
    const users = await picture.usersOf(page.flatMap(({ value }) => value.ownerId ?? []));
    for (const { row, value } of page) findings.examine(row, () => checkKey(value, row, users, findings));
  }
}

function checkKey(own: ApiKey, row: string, users: Found<Seen<User>>, findings: Findings): void {
  findings.expect(
    isControl(own) === (own.ownerId === undefined),
    'key.owner',
    row,
    () =>
      `it has ${own.ownerId === undefined ? 'no owner' : 'an owner'} and the scopes ${own.scopes.join(', ')}`,
  );
  if (own.ownerId !== undefined) expectUser(users, own.ownerId, 'key.owner', row, findings);
}

const expectUser = (
  users: Found<Seen<User>>,
  id: string,
  promise: string,
  row: string,
  findings: Findings,
): void => findings.expect(users.has(id), promise, row, () => `its user ${id} is not there`);
