import { expect } from 'chai';
import { AccountingClient } from '../../../support/accounting-client.ts';
import { AccountingService, PEOPLE } from '../../../support/accounting-service.ts';
import { DAY_MS, streamId } from '../../../support/ledger-builders.ts';

const { admin, sue, alice, bob } = PEOPLE;

describe('the reports of accounting', () => {
  let service: AccountingService;
  let served: Awaited<ReturnType<AccountingService['serve']>>;
  let client: AccountingClient;

  beforeEach(async () => {
    service = new AccountingService();
    served = await service.serve();
    client = new AccountingClient(served.origin);
    await service.grant(alice, 10);
    await service.grant(bob, 10);
  });
  afterEach(() => served.close());

  const reserve = async (number: number, userId: string): Promise<void> => {
    const body = { sessionId: streamId(number), userId, modelId: 'handbook', estimatedTokens: 100 };
    const { status } = await client.post('service', '/api/streaming-sessions/initialize', body);
    expect(status).to.equal(201);
    service.clock.advance(1);
  };
  const finalize = async (number: number, actualTokens: number): Promise<void> => {
    const body = { sessionId: streamId(number), actualTokens };
    const { status } = await client.post('service', '/api/streaming-sessions/finalize', body);
    expect(status).to.equal(200);
  };
  const idsAt = async (who: (typeof PEOPLE)['alice' | 'sue'], path: string): Promise<unknown> => {
    const { status, body } = await client.get(who, `/api/streaming-sessions/${path}`);
    expect(status).to.equal(200);
    return body.map((row: { sessionId: string; status: string }) => [row.sessionId, row.status]);
  };

  it('list reservations: open or all, one’s own, somebody’s, everybody’s', async () => {
    await reserve(1, alice.userId);
    await reserve(2, alice.userId);
    await reserve(3, bob.userId);
    await finalize(1, 100);
    const [first, second, third] = [streamId(1), streamId(2), streamId(3)];
    expect(await idsAt(alice, 'active')).to.deep.equal([[second, 'active']]);
    expect(await idsAt(alice, 'recent')).to.deep.equal([
      [second, 'active'],
      [first, 'completed'],
    ]);
    expect(await idsAt(sue, 'active/alice')).to.deep.equal([[second, 'active']]);
    expect(await idsAt(sue, `recent/${bob.userId}`)).to.deep.equal([[third, 'active']]);
    expect(await idsAt(sue, 'active/all')).to.deep.equal([
      [third, 'active'],
      [second, 'active'],
    ]);
    expect(await idsAt(sue, 'recent/all?limit=1')).to.deep.equal([[third, 'active']]);
    expect(await idsAt(sue, 'active')).to.deep.equal([]);
    expect((await client.get(sue, '/api/streaming-sessions/active/nobody')).status).to.equal(404);
  });

  it('tell what a reservation came to', async () => {
    await reserve(1, alice.userId);
    await finalize(1, 100);
    const { body } = await client.get(alice, '/api/streaming-sessions/recent');
    expect(body[0]).to.include({
      sessionId: streamId(1),
      userId: alice.userId,
      modelId: 'handbook',
      status: 'completed',
      allocatedCredits: 1,
      usedCredits: 0.1,
      refund: 0.9,
      usedTokens: 100,
    });
    expect(Date.parse(body[0].endedAt)).to.be.greaterThan(Date.parse(body[0].startedAt));
    expect(Date.parse(body[0].expiresAt)).to.be.greaterThan(Date.parse(body[0].endedAt));
  });

  it('sum usage up as soon as it is settled', async () => {
    await reserve(1, alice.userId);
    await finalize(1, 100);
    await reserve(2, bob.userId);
    await finalize(2, 300);
    const own = await client.get(alice, '/api/usage/stats');
    expect(own.status).to.equal(200);
    expect(own.body).to.deep.include({
      totalRecords: 1,
      totalCredits: 0.1,
      byService: { 'chat-streaming': { records: 1, tokens: 100, credits: 0.1 } },
      byDay: { '2026-01-31': { records: 1, tokens: 100, credits: 0.1 } },
      byModel: { handbook: { records: 1, tokens: 100, credits: 0.1 } },
    });
    expect(own.body.recentActivity[0]).to.include({ sessionId: streamId(1), credits: 0.1, tokens: 100 });
    const other = await client.get(sue, '/api/usage/stats/bob');
    expect(other.body).to.include({ totalRecords: 1, totalCredits: 0.3 });
    const system = await client.get(admin, '/api/usage/system-stats');
    expect(system.body).to.include({ totalRecords: 2, totalCredits: 0.4 });
    service.clock.advance(2 * DAY_MS);
    const today = await client.get(alice, '/api/usage/stats?days=1');
    expect(today.body).to.include({ totalRecords: 0, totalCredits: 0 });
    expect((await client.get(alice, '/api/usage/stats?days=0')).status).to.equal(400);
  });

  it('record usage once an id, move no credit by it, and keep it apart from settlements', async () => {
    await reserve(1, alice.userId);
    await finalize(1, 100);
    const body = {
      id: `${streamId(1)}:usage`,
      userId: 'alice',
      service: '__proto__',
      tokens: 7,
      credits: 0.5,
    };
    for (let time = 0; time < 2; time += 1) {
      const answer = await client.post('service', '/api/usage/record', body);
      expect([answer.status, answer.body.credits]).to.deep.equal([201, 0.5]);
    }
    const stats = await client.get(alice, '/api/usage/stats');
    expect(stats.body.totalRecords).to.equal(2);
    expect(Object.keys(stats.body.byService)).to.have.members(['__proto__', 'chat-streaming']);
    const balance = await client.get(alice, '/api/credits/balance');
    expect(balance.body.availableCredits).to.equal(9.9);
    for (const bad of [{ credits: -1 }, { tokens: 0.5 }, { service: '' }, { userId: 5 }]) {
      expect((await client.post('service', '/api/usage/record', { ...body, ...bad })).status).to.equal(400);
    }
    for (const other of [
      { credits: 0.4 },
      { tokens: 1 },
      { service: 'ocr' },
      { modelId: 'odd' },
      { userId: 'bob' },
    ]) {
      const answer = await client.post('service', '/api/usage/record', { ...body, ...other });
      expect([answer.status, answer.body.code]).to.deep.equal([422, 'usage.changed']);
    }
    const unknown = { ...body, userId: 'nobody' };
    expect((await client.post('service', '/api/usage/record', unknown)).status).to.equal(404);
  });

  it('page through the journal without a gap or a repeat', async () => {
    await reserve(1, alice.userId);
    await finalize(1, 100);
    const ids: string[] = [];
    let after = 0;
    for (let more = true; more; ) {
      const { status, body } = await client.get(admin, `/api/ledger/journal?limit=2&after=${after}`);
      expect(status).to.equal(200);
      expect(body.entries.length).to.be.within(1, 2);
      ids.push(...body.entries.map((entry: { id: string }) => entry.id));
      after = body.nextCursor;
      more = body.hasMore;
    }
    expect(ids).to.deep.equal([
      'grant-alice:grant',
      'grant-bob:grant',
      `${streamId(1)}:reserve`,
      `${streamId(1)}:settle`,
    ]);
    const end = await client.get(admin, `/api/ledger/journal?after=${after}`);
    expect(end.body).to.deep.equal({ entries: [], nextCursor: after, hasMore: false });
    expect((await client.get(admin, '/api/ledger/journal?after=-1')).status).to.equal(400);
  });

  it('show in credits how an entry moved the sums', async () => {
    await reserve(1, alice.userId);
    const { body } = await client.get(admin, '/api/ledger/journal');
    expect(body.entries.at(-1)).to.deep.include({
      kind: 'reserve',
      userId: alice.userId,
      reservationId: streamId(1),
      account: { available: -1, held: 1 },
      grants: [{ id: 'grant-alice', remainingCredits: -1 }],
    });
  });
});
