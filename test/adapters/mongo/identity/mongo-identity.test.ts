import {
  type IdentityStore,
  openIdentityStore,
} from '../../../../src/adapters/outbound/mongo/identity/open-identity-store.ts';
import { describeApiKeyRepository } from '../../../contracts/api-key-repository.ts';
import { describeLoginSessionRepository } from '../../../contracts/login-session-repository.ts';
import { describeRevocationLog } from '../../../contracts/revocation-log.ts';
import { describeSigningKeyRepository } from '../../../contracts/signing-key-repository.ts';
import { describeTicketRepository } from '../../../contracts/ticket-repository.ts';
import { describeUserRepository } from '../../../contracts/user-repository.ts';
import { type TemporaryMongo, temporaryMongo } from '../../../support/mongodb.ts';

describe('the identity stores of a fleet', function () {
  this.timeout(120_000);
  let temporary: TemporaryMongo;
  before(async () => {
    temporary = await temporaryMongo();
  });
  after(() => temporary.remove());

  async function create(): Promise<IdentityStore & { readonly close: () => Promise<void> }> {
    await temporary.clear();
    const store = openIdentityStore(temporary.store, async () => undefined);
    return { ...store, close: async () => undefined };
  }

  describeUserRepository('MongoUserRepository', create);
  describeLoginSessionRepository('MongoLoginSessionRepository', create);
  describeApiKeyRepository('MongoApiKeyRepository', create);
  describeRevocationLog('MongoRevocationLog', create);
  describeTicketRepository('MongoTicketRepository', create);
  describeSigningKeyRepository('MongoSigningKeyRepository', async () => {
    const { signingKeys, close } = await create();
    return { keys: signingKeys, close };
  });
});
