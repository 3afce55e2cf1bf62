import type { ApiKeyRepository } from '../../../../application/ports/identity/api-key-repository.ts';
import type { LoginSessionRepository } from '../../../../application/ports/identity/login-session-repository.ts';
import type { RevocationLog } from '../../../../application/ports/identity/revocation-log.ts';
import type { SigningKeyRepository } from '../../../../application/ports/identity/signing-key-repository.ts';
import type { TicketRepository } from '../../../../application/ports/identity/ticket-repository.ts';
import type { UserRepository } from '../../../../application/ports/identity/user-repository.ts';
import { Lanes } from '../lanes.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { BeginLogin } from './begin-login.ts';
import { ChangeAccount } from './change-account.ts';
import { identityCollections } from './identity-collections.ts';
import { KeyEnds } from './key-ends.ts';
import { MongoApiKeyRepository } from './mongo-api-key-repository.ts';
import { MongoLoginSessionRepository } from './mongo-login-session-repository.ts';
import { MongoRevocationLog } from './mongo-revocation-log.ts';
import { MongoSigningKeyRepository } from './mongo-signing-key-repository.ts';
import { MongoTicketRepository } from './mongo-ticket-repository.ts';
import { MongoUserRepository } from './mongo-user-repository.ts';
import { RevocationAppender } from './revocation-appender.ts';
import { SessionEnds } from './session-ends.ts';

/** What a database keeps of accounts, logins and keys. */
export interface IdentityStore {
  readonly users: UserRepository;
  readonly sessions: LoginSessionRepository;
  readonly apiKeys: ApiKeyRepository;
  readonly tickets: TicketRepository;
  readonly signingKeys: SigningKeyRepository;
  readonly revocations: RevocationLog;
}

/** The six identity adapters of one database. They share the lanes in which this process's writes wait for each other. */
export function openIdentityStore(store: MongoStore, recordActs: RecordActs): IdentityStore {
  const collections = identityCollections(store);
  const lanes = new Lanes();
  const revocations = new RevocationAppender(collections, lanes);
  const ends = new SessionEnds(store, collections, revocations, recordActs);
  const keyEnds = new KeyEnds(store, collections, revocations, recordActs);
  const deps = { store, collections, lanes, revocations, recordActs };
  return {
    users: new MongoUserRepository(
      store,
      collections,
      new ChangeAccount({ ...deps, sessionEnds: ends, keyEnds }),
      recordActs,
    ),
    sessions: new MongoLoginSessionRepository(store, collections, new BeginLogin({ ...deps, ends }), ends),
    apiKeys: new MongoApiKeyRepository({ ...deps, ends: keyEnds }),
    tickets: new MongoTicketRepository(store, collections),
    signingKeys: new MongoSigningKeyRepository(store, collections),
    revocations: new MongoRevocationLog(store, collections),
  };
}
