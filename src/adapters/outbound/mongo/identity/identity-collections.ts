import type { ClientSession, Collection, ObjectId } from 'mongodb';
import type { MongoStore } from '../mongo-store.ts';
import {
  API_KEYS,
  type ApiKeyDocument,
  ARBITERS,
  type ArbiterDocument,
  LOGIN_SESSIONS,
  MAX_MARKS,
  REFRESH_TOKENS,
  REVOCATION_HEADS,
  REVOCATIONS,
  type RevocationDocument,
  type RevocationHeadDocument,
  type SessionDocument,
  SIGNING_KEYS,
  type SigningKeyDocument,
  TICKETS,
  type TicketDocument,
  type TokenDocument,
  USER_NAMES,
  USERS,
  type UserDocument,
  type UserNameDocument,
} from './identity-documents.ts';

/** The collections of accounts, logins and keys. */
export interface IdentityCollections {
  readonly users: Collection<UserDocument>;
  readonly names: Collection<UserNameDocument>;
  readonly sessions: Collection<SessionDocument>;
  readonly tokens: Collection<TokenDocument>;
  readonly apiKeys: Collection<ApiKeyDocument>;
  readonly tickets: Collection<TicketDocument>;
  readonly signingKeys: Collection<SigningKeyDocument>;
  readonly revocations: Collection<RevocationDocument>;
  readonly heads: Collection<RevocationHeadDocument>;
  readonly arbiters: Collection<ArbiterDocument>;
}

/** The collections of a store. */
export function identityCollections(store: MongoStore): IdentityCollections {
  return {
    users: store.collection(USERS),
    names: store.collection(USER_NAMES),
    sessions: store.collection(LOGIN_SESSIONS),
    tokens: store.collection(REFRESH_TOKENS),
    apiKeys: store.collection(API_KEYS),
    tickets: store.collection(TICKETS),
    signingKeys: store.collection(SIGNING_KEYS),
    revocations: store.collection(REVOCATIONS),
    heads: store.collection(REVOCATION_HEADS),
    arbiters: store.collection(ARBITERS),
  };
}

/** Writes to an arbiter, before anything that it is for is counted; leaves a mark there when one is given. */
export async function meetAt(
  { arbiters }: IdentityCollections,
  arbiter: string,
  session: ClientSession,
  mark?: ObjectId,
): Promise<void> {
  const marks = mark && { $push: { marks: { $each: [mark], $slice: -MAX_MARKS } } };
  await arbiters.updateOne({ _id: arbiter }, { $inc: { turns: 1 }, ...marks }, { session, upsert: true });
}
