import { expect } from 'chai';
import { accountingRoutes } from '../../../../src/adapters/inbound/http/routes/accounting/accounting-routes.ts';
import { AccountingClient, type Sender } from '../../../support/accounting-client.ts';
import { AccountingService, PEOPLE } from '../../../support/accounting-service.ts';

const { admin, sue, alice } = PEOPLE;
const SENDERS: Readonly<Record<string, Sender>> = {
  nobody: 'nobody',
  user: alice,
  supervisor: sue,
  admin,
  service: 'service',
};

/** Who gets past the door of each route, as the page of the API says it. */
const EVERYBODY = ['user', 'supervisor', 'admin'];
const OFFICERS = ['supervisor', 'admin'];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'get /api/credits/balance': EVERYBODY,
  'get /api/credits/total-balance': EVERYBODY,
  'get /api/credits/balance/:userId': OFFICERS,
  'post /api/credits/check': EVERYBODY,
  'post /api/credits/calculate': EVERYBODY,
  'post /api/credits/deduct': EVERYBODY,
  'post /api/credits/allocate': ['admin'],
  'post /api/credits/allocate-by-email': OFFICERS,
  'post /api/credits/set': OFFICERS,
  'post /api/credits/remove': OFFICERS,
  'post /api/credits/adjust': OFFICERS,
  'get /api/credits/allocations/all': OFFICERS,
  'post /api/streaming-sessions/initialize': ['service'],
  'post /api/streaming-sessions/extend': ['service'],
  'post /api/streaming-sessions/finalize': ['service'],
  'post /api/streaming-sessions/abort': ['service'],
  'get /api/streaming-sessions/active': EVERYBODY,
  'get /api/streaming-sessions/active/all': OFFICERS,
  'get /api/streaming-sessions/active/:userId': OFFICERS,
  'get /api/streaming-sessions/recent': EVERYBODY,
  'get /api/streaming-sessions/recent/all': OFFICERS,
  'get /api/streaming-sessions/recent/:userId': OFFICERS,
  'get /api/usage/stats': EVERYBODY,
  'get /api/usage/stats/:userId': OFFICERS,
  'get /api/usage/system-stats': OFFICERS,
  'post /api/usage/record': ['service'],
  'get /api/ledger/journal': ['admin'],
};

describe('the doors of accounting', () => {
  const service = new AccountingService();
  let served: Awaited<ReturnType<AccountingService['serve']>>;
  let client: AccountingClient;

  before(async () => {
    served = await service.serve();
    client = new AccountingClient(served.origin);
  });
  after(() => served.close());

  it('are these and no others', () => {
    const doors = accountingRoutes(service.useCases).map(({ method, path }) => `${method} ${path}`);
    expect(doors).to.have.members(Object.keys(ALLOWED));
  });

  for (const [door, allowed] of Object.entries(ALLOWED)) {
    it(`${door} lets in ${allowed.join(', ')}`, async () => {
      const [method, pattern = ''] = door.split(' ');
      const path = pattern.replace(':userId', alice.userId);
      for (const [role, sender] of Object.entries(SENDERS)) {
        const { status } =
          method === 'get' ? await client.get(sender, path) : await client.post(sender, path, {});
        if (role === 'nobody') expect([role, status]).to.deep.equal([role, 401]);
        else if (!allowed.includes(role)) expect([role, status]).to.deep.equal([role, 403]);
        else expect([role, status]).to.deep.equal([role, method === 'get' ? 200 : 400]);
      }
    });
  }
});
