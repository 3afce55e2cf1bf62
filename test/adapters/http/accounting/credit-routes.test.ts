import { expect } from 'chai';
import { AccountingClient } from '../../../support/accounting-client.ts';
import { AccountingService, PEOPLE } from '../../../support/accounting-service.ts';
import { DAY_MS, T0 } from '../../../support/ledger-builders.ts';

const { admin, sue, sam, alice, bob, carol } = PEOPLE;

describe('the credit routes', () => {
  let service: AccountingService;
  let served: Awaited<ReturnType<AccountingService['serve']>>;
  let client: AccountingClient;

  beforeEach(async () => {
    service = new AccountingService();
    served = await service.serve();
    client = new AccountingClient(served.origin);
  });
  afterEach(() => served.close());

  const balanceOf = async (who: (typeof PEOPLE)['alice']): Promise<number> =>
    (await client.get(who, '/api/credits/balance')).body.availableCredits;

  it('show an account that was never granted anything as empty', async () => {
    const { status, body } = await client.get(alice, '/api/credits/balance');
    expect(status).to.equal(200);
    expect(body).to.deep.equal({
      userId: alice.userId,
      totalCredits: 0,
      availableCredits: 0,
      heldCredits: 0,
      activeAllocations: [],
    });
  });

  it('allocate by username and by id, and show the grants to their owner', async () => {
    const byName = await client.post(admin, '/api/credits/allocate', { userId: 'alice', credits: 12.345678 });
    expect(byName.status).to.equal(201);
    expect(byName.body).to.include({
      userId: alice.userId,
      totalCredits: 12.345678,
      remainingCredits: 12.345678,
      expiresAt: new Date(T0 + 30 * DAY_MS).toISOString(),
    });
    const byId = await client.post(admin, '/api/credits/allocate', {
      userId: alice.userId,
      credits: 0.000001,
      expiryDays: 1,
      notes: 'a crumb',
    });
    expect(byId.body.expiresAt).to.equal(new Date(T0 + DAY_MS).toISOString());
    for (const path of ['/api/credits/balance', '/api/credits/total-balance']) {
      const { body } = await client.get(alice, path);
      expect(body).to.include({ totalCredits: 12.345679, availableCredits: 12.345679, heldCredits: 0 });
      expect(body.activeAllocations.map((one: { id: string }) => one.id)).to.deep.equal([
        byId.body.id,
        byName.body.id,
      ]);
    }
  });

  const badAmounts = ['-1', '0', '1e400', '-1e400', '1e16', '0.0000001', '"5"', 'null', 'NaN', '{}', '[1]'];
  for (const amount of badAmounts) {
    it(`refuse to allocate ${amount} credits`, async () => {
      const body = `{"userId":"alice","credits":${amount}}`;
      const answer = await client.post(admin, '/api/credits/allocate', body);
      expect(answer.status).to.equal(400);
      expect(answer.body.code).to.equal('request.invalid');
      if (amount !== 'NaN') {
        expect(answer.body.message).to.equal('Valid userId and credits required');
        expect(answer.body.errors[0].path).to.equal('credits');
      }
      expect(await balanceOf(alice)).to.equal(0);
    });
  }

  it('refuse an allocation without a user, and one to a user who is not there', async () => {
    const missing = await client.post(admin, '/api/credits/allocate', { credits: 5 });
    expect(missing.status).to.equal(400);
    expect(missing.body.detail).to.equal('Valid userId and credits required');
    const unknown = await client.post(admin, '/api/credits/allocate', { userId: 'nobody', credits: 5 });
    expect(unknown.status).to.equal(404);
    expect(unknown.body.code).to.equal('user.not_found');
  });

  it('refuse a grant that would pass the limit of an account', async () => {
    const body = { userId: 'alice', credits: 1_000_000_000 };
    for (let time = 0; time < 4; time += 1) {
      expect((await client.post(admin, '/api/credits/allocate', body)).status).to.equal(201);
    }
    const answer = await client.post(admin, '/api/credits/allocate', body);
    expect(answer.status).to.equal(400);
    expect(answer.body.code).to.equal('credit.out_of_range');
    expect(await balanceOf(alice)).to.equal(4_000_000_000);
  });

  it('allocate by a verified email only', async () => {
    const path = '/api/credits/allocate-by-email';
    const { status, body } = await client.post(sue, path, { email: alice.email, credits: 3 });
    expect(status).to.equal(201);
    expect(body).to.include({
      userId: alice.userId,
      email: alice.email,
      previousCredits: 0,
      newCredits: 3,
      remainingCredits: 3,
    });
    const unverified = await client.post(admin, path, { email: carol.email, credits: 3 });
    expect(unverified.status).to.equal(403);
    expect(unverified.body.code).to.equal('account.not_verified');
    expect((await client.post(admin, path, { email: 'no@example.org', credits: 3 })).status).to.equal(404);
  });

  it('set, remove and adjust the available credit, never below zero', async () => {
    const change = async (word: string, credits: number): Promise<unknown> => {
      const { status, body } = await client.post(sue, `/api/credits/${word}`, { userId: 'bob', credits });
      expect(status).to.equal(200);
      return [body.userId, body.previousCredits, body.newCredits, body.changedCredits];
    };
    expect(await change('set', 10.5)).to.deep.equal([bob.userId, 0, 10.5, 10.5]);
    expect(await change('remove', 0.25)).to.deep.equal([bob.userId, 10.5, 10.25, -0.25]);
    expect(await change('adjust', 2)).to.deep.equal([bob.userId, 10.25, 12.25, 2]);
    expect(await change('adjust', -2.25)).to.deep.equal([bob.userId, 12.25, 10, -2.25]);
    expect(await change('remove', 99)).to.deep.equal([bob.userId, 10, 0, -10]);
    expect(await change('set', 0)).to.deep.equal([bob.userId, 0, 0, 0]);
  });

  it('leave holds alone when the available credit is set to nothing', async () => {
    await service.grant(alice, 10);
    await service.useCases.reserveCredit.execute({
      id: `stream-${T0}-00000000-0000-4000-8000-000000000001` as never,
      user: alice.userId,
      modelId: 'handbook',
      estimatedTokens: 100,
    });
    await client.post(admin, '/api/credits/set', { userId: 'alice', credits: 0 });
    const { body } = await client.get(alice, '/api/credits/balance');
    expect(body).to.include({ totalCredits: 1, availableCredits: 0, heldCredits: 1 });
  });

  it('let a supervisor manage only other accounts with role user, and record the refusal', async () => {
    for (const userId of ['sue', 'sam', 'admin', sue.userId]) {
      for (const word of ['set', 'remove', 'adjust']) {
        const answer = await client.post(sue, `/api/credits/${word}`, { userId, credits: 1 });
        expect([word, userId, answer.status]).to.deep.equal([word, userId, 403]);
      }
    }
    const byEmail = { email: sam.email, credits: 1 };
    expect((await client.post(sue, '/api/credits/allocate-by-email', byEmail)).status).to.equal(403);
    const allocate = await client.post(sue, '/api/credits/allocate', { userId: 'alice', credits: 1 });
    expect(allocate.status).to.equal(403);
    const refused = service.audit.filter(({ outcome }) => outcome === 'refused');
    expect(refused).to.have.length(13);
    expect(refused[0]).to.include({ act: 'credit.manage', actor: sue.userId, object: sue.userId });
    expect(await balanceOf(PEOPLE.sue as never)).to.equal(0);
    const own = await client.post(admin, '/api/credits/set', { userId: 'admin', credits: 1 });
    expect(own.status).to.equal(200);
  });

  it('check, with another account for admins alone', async () => {
    await service.grant(alice, 2);
    const path = '/api/credits/check';
    const enough = await client.post(alice, path, { requiredCredits: 2 });
    expect(enough.status).to.equal(200);
    expect(enough.body).to.deep.equal({
      sufficient: true,
      hasSufficientCredits: true,
      credits: 2,
      requiredCredits: 2,
    });
    const short = await client.post(alice, path, { requiredCredits: 2.000001 });
    expect(short.body).to.include({ sufficient: false, hasSufficientCredits: false });
    const asAdmin = await client.post(admin, path, { requiredCredits: 1, userId: 'alice' });
    expect(asAdmin.body).to.include({ sufficient: true, credits: 2 });
    for (const from of [bob, sue]) {
      const other = await client.post(from, path, { requiredCredits: 1, userId: 'alice' });
      expect(other.status).to.equal(403);
    }
    const own = await client.post(alice, path, { requiredCredits: 1, userId: alice.userId });
    expect(own.status).to.equal(200);
    for (const body of ['{}', '{"requiredCredits":-1}', '{"requiredCredits":1e400}', '[]']) {
      expect((await client.post(alice, path, body)).status).to.equal(400);
    }
  });

  it('calculate what tokens cost, rounded up to the micro-credit', async () => {
    const path = '/api/credits/calculate';
    const cost = async (modelId: string, tokens: unknown): Promise<[number, unknown]> => {
      const { status, body } = await client.post(alice, path, { modelId, tokens });
      return [status, body.credits];
    };
    expect(await cost('handbook', 1_234)).to.deep.equal([200, 1.234]);
    expect(await cost('odd', 1)).to.deep.equal([200, 0.000334]);
    expect(await cost('odd', 0)).to.deep.equal([200, 0]);
    expect((await cost('nonsense', 1))[0]).to.equal(404);
    expect((await cost('unpriced', 1))[0]).to.equal(503);
    for (const tokens of [-1, 1.5, '7', null, 1e300]) {
      expect((await cost('handbook', tokens))[0]).to.equal(400);
    }
  });

  it('deduct from the own account, and refuse more than there is', async () => {
    await service.grant(alice, 1);
    const path = '/api/credits/deduct';
    const { status, body } = await client.post(alice, path, { credits: 0.4 });
    expect(status).to.equal(200);
    expect(body).to.include({ success: true, remainingBalance: 0.6 });
    expect(body.message).to.be.a('string');
    const short = await client.post(alice, path, { credits: 0.600001 });
    expect(short.status).to.equal(402);
    expect(await balanceOf(alice)).to.equal(0.6);
    for (const credits of [0, -1, '1', null]) {
      expect((await client.post(alice, path, { credits })).status).to.equal(400);
    }
  });

  it("show anybody's balance by id or username to admins and supervisors", async () => {
    await service.grant(alice, 7);
    for (const from of [admin, sue]) {
      for (const name of ['alice', alice.userId]) {
        const { status, body } = await client.get(from, `/api/credits/balance/${name}`);
        expect(status).to.equal(200);
        expect(body).to.include({ userId: alice.userId, availableCredits: 7 });
      }
    }
    expect((await client.get(admin, '/api/credits/balance/nobody')).status).to.equal(404);
    expect((await client.get(bob, '/api/credits/balance/alice')).status).to.equal(403);
  });

  it('list allocations page by page, newest first', async () => {
    await client.post(admin, '/api/credits/allocate', { userId: 'alice', credits: 1, notes: 'first' });
    service.clock.advance(1);
    await client.post(admin, '/api/credits/allocate', { userId: 'bob', credits: 2 });
    const path = '/api/credits/allocations/all';
    const { body } = await client.get(sue, `${path}?limit=1&page=2`);
    expect(body.pagination).to.deep.equal({ total: 2, pages: 2, currentPage: 2, perPage: 1 });
    expect(body.allocations).to.have.length(1);
    expect(body.allocations[0]).to.include({
      userId: alice.userId,
      totalCredits: 1,
      allocatedBy: admin.userId,
      notes: 'first',
    });
    const ofBob = await client.get(admin, `${path}?userId=bob`);
    expect(ofBob.body.allocations.map((one: { userId: string }) => one.userId)).to.deep.equal([bob.userId]);
    for (const query of ['limit=101', 'limit=0', 'page=0', 'page=1e300', 'limit=x']) {
      expect((await client.get(admin, `${path}?${query}`)).status).to.equal(400);
    }
  });
});
