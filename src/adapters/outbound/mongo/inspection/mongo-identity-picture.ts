import type {
  Found,
  IdentityPicture,
  InspectedName,
  Page,
  Seen,
} from '../../../../application/ports/store-inspection.ts';
import type { ApiKey } from '../../../../domain/identity/api-key.ts';
import type { LoginSession } from '../../../../domain/identity/login-session.ts';
import type { User } from '../../../../domain/identity/user.ts';
import {
  API_KEYS,
  type ApiKeyDocument,
  apiKeyFrom,
  LOGIN_SESSIONS,
  namesOf,
  type SessionDocument,
  sessionFrom,
  USER_NAMES,
  USERS,
  type UserDocument,
  type UserNameDocument,
  userFrom,
} from '../identity/identity-documents.ts';
import { inLists, type Moment, pagesOf, seenAs } from './moment.ts';

/** Accounts that are looked at together, with the documents of their names. */
const USERS_AT_ONCE = 500;

/** Accounts, logins and keys of a fleet's store. */
export class MongoIdentityPicture implements IdentityPicture {
  readonly #moment: Moment;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  async *users(): AsyncGenerator<Page<User>> {
    for await (const list of inLists(this.#moment.find<UserDocument>(USERS, {}), USERS_AT_ONCE)) {
      const names = await this.#moment.ofKeys<UserNameDocument>(USER_NAMES, list.flatMap(namesOfDocument));
      yield list.map((document) => userSeen(document, (user) => nameAmiss(user, names)));
    }
  }

  userNames(): AsyncIterable<Page<InspectedName>> {
    return pagesOf(this.#moment.find<UserNameDocument>(USER_NAMES, {}), ({ _id: name, userId }) =>
      seenAs(`user_names/${name}`, () => ({ name, userId })),
    );
  }

  logins(): AsyncIterable<Page<LoginSession>> {
    return pagesOf(this.#moment.find<SessionDocument>(LOGIN_SESSIONS, {}), (document) =>
      seenAs(
        `login_sessions/${document._id}`,
        () => sessionFrom(document),
        () => loginAmiss(document),
      ),
    );
  }

  apiKeys(): AsyncIterable<Page<ApiKey>> {
    return pagesOf(this.#moment.find<ApiKeyDocument>(API_KEYS, {}), (document) =>
      seenAs(
        `api_keys/${document._id}`,
        () => apiKeyFrom(document),
        () => keyAmiss(document),
      ),
    );
  }

  async usersOf(ids: readonly string[]): Promise<Found<Seen<User>>> {
    const found = await this.#moment.ofKeys<UserDocument>(USERS, ids);
    return new Map([...found].map(([id, document]) => [id, userSeen(document)]));
  }
}

const namesOfDocument = (document: UserDocument): readonly string[] => namesOf(userFrom(document));

const userSeen = (document: UserDocument, amissOf?: (user: User) => string | undefined): Seen<User> =>
  seenAs(`users/${document._id}`, () => userFrom(document), amissOf);

/** Which of a user's names somebody else could take, or has. */
function nameAmiss(user: User, names: ReadonlyMap<string, UserNameDocument>): string | undefined {
  const missing = namesOf(user).find((name) => names.get(name)?.userId !== user.id);
  return missing === undefined ? undefined : `${missing} is ${names.get(missing)?.userId ?? 'nobody'}'s`;
}

/** What of a login's marks does not go with it: it would not be found by them, or could not be used. */
function loginAmiss({
  kind,
  open,
  endedAtMs,
  cookieSha256,
  refreshSha256,
}: SessionDocument): string | undefined {
  if ((open === true) !== (endedAtMs === undefined))
    return `it has ${endedAtMs === undefined ? 'not ' : ''}ended, and is ${open === true ? '' : 'not '}marked as open`;
  const [has, other] = kind === 'cookie' ? [cookieSha256, refreshSha256] : [refreshSha256, cookieSha256];
  if (has !== undefined && other === undefined) return undefined;
  return `it is a ${kind}'s and has ${has === undefined ? 'none' : 'another credential too'}`;
}

/** What of a key's marks does not go with it: it would not be found by them, or not be forgotten. */
function keyAmiss({
  owner,
  ownerId,
  open,
  expiresAtMs,
  revokedAtMs,
  endsAtMs,
}: ApiKeyDocument): string | undefined {
  if (owner !== (ownerId ?? 'agents')) return `it counts among the keys of ${owner}`;
  if ((open === true) !== (revokedAtMs === undefined))
    return `it was ${revokedAtMs === undefined ? 'not ' : ''}revoked, and is ${open === true ? '' : 'not '}marked as open`;
  const ends = revokedAtMs ?? expiresAtMs;
  return endsAtMs === ends ? undefined : `it ends at ${ends}, and is noted to end at ${endsAtMs}`;
}
