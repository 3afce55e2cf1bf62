import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Answer, ApiClient } from '../support/api-client.ts';
import { expectProblem } from '../support/problems.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORD = 'a long enough password';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Person {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly client: ApiClient;
}

describe('accounting, as an outside client meets it', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  let supervisor: ApiClient;
  let service: ApiClient;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '20']);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    supervisor = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    service = new ApiClient(server.urls, readFileSync(join(server.data, 'service-key'), 'utf8').trim());
  });
  after(() => server.dispose());

  const post = (client: ApiClient, path: string, body: unknown): Promise<Answer> =>
    client.post('accounting', `/api/${path}`, body);
  const get = (client: ApiClient, path: string): Promise<Answer> => client.get('accounting', `/api/${path}`);

  async function person(credits = 0, isVerified = true): Promise<Person> {
    const username = `p${randomUUID().slice(0, 8)}`;
    const email = `${username}@example.org`;
    const account = { username, email, password: PASSWORD, isVerified };
    const id = (await admin.post('auth', '/api/admin/users', account)).body.userId;
    if (credits > 0) await post(admin, 'credits/allocate', { userId: id, credits });
    return { id, username, email, client: await ApiClient.login(server.urls, username, PASSWORD) };
  }
  const available = async ({ client }: Person): Promise<number> =>
    (await get(client, 'credits/balance')).body.availableCredits;

  it('shows a balance with every member of the page, on both of its addresses', async () => {
    const one = await person(12.5);
    for (const path of ['credits/balance', 'credits/total-balance']) {
      const { status, body } = await get(one.client, path);
      expect(status).to.equal(200);
      expect(body).to.include({ totalCredits: 12.5, availableCredits: 12.5, heldCredits: 0 });
      expect(body.activeAllocations).to.have.length(1);
      expect(body.activeAllocations[0]).to.include({ credits: 12.5 });
      expect(body.activeAllocations[0].id).to.be.a('string');
      expect(body.activeAllocations[0].expiresAt).to.match(ISO);
      expect(body.activeAllocations[0].allocatedAt).to.match(ISO);
    }
    const byName = await get(supervisor, `credits/balance/${one.username}`);
    const byId = await get(supervisor, `credits/balance/${one.id}`);
    expect(byName.body).to.deep.equal(byId.body);
    expect(byId.body.availableCredits).to.equal(12.5);
    expectProblem(await get(supervisor, 'credits/balance/nobody-at-all'), 404, 'user.not_found');
  });

  it('allocates by id, by name and by verified email, with a life in days', async () => {
    const one = await person();
    for (const userId of [one.id, one.username, one.username.toUpperCase()]) {
      const { status, body } = await post(admin, 'credits/allocate', {
        userId,
        credits: 0.5,
        expiryDays: 2,
        notes: 'a gift',
      });
      expect(status).to.equal(201);
      expect(body).to.include({ userId: one.id, totalCredits: 0.5, remainingCredits: 0.5 });
      expect(body.id).to.be.a('string');
      expect(Date.parse(body.expiresAt) - Date.parse(body.allocatedAt)).to.equal(2 * 86_400_000);
    }
    const mail = { email: one.email.toUpperCase(), credits: 0.5 };
    const byEmail = await post(supervisor, 'credits/allocate-by-email', mail);
    expect(byEmail.status).to.equal(201);
    expect(Date.parse(byEmail.body.expiresAt) - Date.parse(byEmail.body.allocatedAt)).to.equal(
      30 * 86_400_000,
    );
    expect(await available(one)).to.equal(2);
    const listed = (await get(supervisor, `credits/allocations/all?userId=${one.username}&limit=3`)).body;
    expect(listed.allocations).to.have.length(3);
    expect(listed.pagination).to.deep.equal({ total: 4, pages: 2, currentPage: 1, perPage: 3 });
    const unverified = await person(0, false);
    const refused = await post(admin, 'credits/allocate-by-email', { email: unverified.email, credits: 1 });
    expectProblem(refused, 403, 'account.not_verified');
    const unknown = { email: 'nobody@example.org', credits: 1 };
    expectProblem(await post(admin, 'credits/allocate-by-email', unknown), 404, 'user.not_found');
    expectProblem(
      await post(admin, 'credits/allocate', { userId: 'nobody-at-all', credits: 1 }),
      404,
      'user.not_found',
    );
  });

  it('takes no amount that is no amount of credits', async () => {
    const one = await person(1);
    const wrong = ['"1"', 'null', 'true', '[1]', '{}', '-1', '1e400', '-1e400', '0.0000001', '1000000001'];
    const send = (path: string, text: string): Promise<Answer> =>
      admin.send('accounting', 'POST', `/api/credits/${path}`, text);
    for (const credits of [...wrong, '0', '-0']) {
      const body = `{"userId":"${one.username}","credits":${credits}}`;
      const allocated = await send('allocate', body);
      expectProblem(allocated, 400, 'request.invalid');
      expect(allocated.body.message).to.equal('Valid userId and credits required');
      expectProblem(await send('remove', body), 400, 'request.invalid');
      expectProblem(await send('deduct', body), 400, 'request.invalid');
    }
    for (const credits of wrong) {
      const body = `{"userId":"${one.username}","credits":${credits},"requiredCredits":${credits}}`;
      expectProblem(await send('set', body), 400, 'request.invalid');
      expectProblem(await send('check', body), 400, 'request.invalid');
    }
    for (const missing of [{}, { userId: one.id }, { credits: 1 }, { userId: 5, credits: 1 }, []]) {
      const answer = await post(admin, 'credits/allocate', missing);
      expectProblem(answer, 400, 'request.invalid');
      expect(answer.body.message).to.equal('Valid userId and credits required');
    }
    for (const expiryDays of [0, -1, 1.5, 3_651, 1e300, '30']) {
      const body = { userId: one.id, credits: 1, expiryDays };
      expectProblem(await post(admin, 'credits/allocate', body), 400, 'request.invalid');
    }
    expect(await available(one)).to.equal(1);
  });

  it('keeps sums exact to the micro-credit', async () => {
    const one = await person();
    for (const credits of [0.1, 0.2, 0.000001, 999_999_999.999999]) {
      await post(admin, 'credits/allocate', { userId: one.id, credits });
    }
    expect(await available(one)).to.equal(1_000_000_000.3);
    await post(one.client, 'credits/deduct', { credits: 1_000_000_000 });
    expect(await available(one)).to.equal(0.3);
    const tooMuch = { userId: one.id, credits: 1_000_000_000 };
    const statuses: number[] = [];
    for (let given = 0; given < 4; given += 1)
      statuses.push((await post(admin, 'credits/allocate', tooMuch)).status);
    expect(statuses, 'an account has a limit').to.deep.equal([201, 201, 400, 400]);
  });

  it('sets, removes and adjusts what is available, never below zero', async () => {
    const one = await person(5);
    const steps = [
      ['remove', 2, 5, 3],
      ['adjust', 0.5, 3, 3.5],
      ['adjust', -1.25, 3.5, 2.25],
      ['set', 7, 2.25, 7],
      ['remove', 100, 7, 0],
      ['adjust', -1, 0, 0],
      ['set', 0.000001, 0, 0.000001],
      ['set', 0, 0.000001, 0],
    ] as const;
    for (const [word, credits, previousCredits, newCredits] of steps) {
      const { status, body } = await post(supervisor, `credits/${word}`, { userId: one.username, credits });
      expect(status).to.equal(200);
      expect(body).to.include({ userId: one.id, previousCredits, newCredits });
    }
    expect(await available(one)).to.equal(0);
  });

  it('lets a supervisor manage other users alone', async () => {
    const one = await person();
    const own = (await supervisor.get('auth', '/api/auth/me')).body;
    for (const word of ['set', 'remove', 'adjust', 'allocate-by-email']) {
      for (const account of [
        { userId: 'admin', email: 'admin@holdfast.invalid' },
        { userId: own.id, email: own.email },
      ]) {
        expectProblem(
          await post(supervisor, `credits/${word}`, { ...account, credits: 1 }),
          403,
          'permission.denied',
        );
      }
      const body = { userId: one.id, email: one.email, credits: 1 };
      expect((await post(supervisor, `credits/${word}`, body)).status).to.be.oneOf([200, 201]);
    }
  });

  it('checks, calculates and deducts', async () => {
    const one = await person(2);
    const enough = await post(one.client, 'credits/check', { requiredCredits: 2 });
    expect([enough.status, enough.body]).to.deep.equal([
      200,
      { sufficient: true, hasSufficientCredits: true, credits: 2, requiredCredits: 2 },
    ]);
    const short = await post(admin, 'credits/check', { requiredCredits: 2.000001, userId: one.username });
    expect(short.body).to.include({ sufficient: false, hasSufficientCredits: false, credits: 2 });
    for (const other of [one.client, supervisor]) {
      const body = { requiredCredits: 1, userId: 'admin' };
      expectProblem(await post(other, 'credits/check', body), 403, 'permission.denied');
    }
    const models = (await one.client.get('chat', '/api/models')).body.models;
    const { creditCost } = models.find(({ id }: { id: string }) => id === 'handbook');
    const cost = await post(one.client, 'credits/calculate', { modelId: 'handbook', tokens: 1_500 });
    expect(cost.body.credits).to.be.closeTo(creditCost * 1.5, 1e-9);
    const unknown = { modelId: 'no-such-model', tokens: 1 };
    expectProblem(await post(one.client, 'credits/calculate', unknown), 404, 'model.not_found');
    for (const tokens of [-1, 1.5, '1', null]) {
      const body = { modelId: 'handbook', tokens };
      expectProblem(await post(one.client, 'credits/calculate', body), 400, 'request.invalid');
    }
    const spent = await post(one.client, 'credits/deduct', { credits: 1.5 });
    expect(spent.body).to.include({ success: true, remainingBalance: 0.5 });
    expect(spent.body.message).to.be.a('string');
    expectProblem(
      await post(one.client, 'credits/deduct', { credits: 0.500001 }),
      402,
      'credit.insufficient',
    );
    const racing = await Promise.all(
      Array.from({ length: 10 }, () => post(one.client, 'credits/deduct', { credits: 0.3 })),
    );
    expect(racing.filter(({ status }) => status === 200)).to.have.length(1);
    expect(await available(one)).to.equal(0.2);
  });

  it('opens each route to the roles of the page alone', async () => {
    const one = await person(1);
    const nobody = new ApiClient(server.urls);
    const own = ['credits/balance', 'credits/total-balance', 'streaming-sessions/active'];
    own.push('streaming-sessions/recent', 'usage/stats');
    const others = [`credits/balance/${one.id}`, 'credits/allocations/all', 'usage/system-stats'];
    others.push(`streaming-sessions/active/${one.id}`, `streaming-sessions/recent/${one.id}`);
    others.push('streaming-sessions/active/all', `usage/stats/${one.id}`);
    const statusesOf = async (path: string): Promise<number[]> => {
      const clients = [one.client, supervisor, admin, service, nobody];
      return Promise.all(clients.map(async (client) => (await get(client, path)).status));
    };
    for (const path of own) expect(await statusesOf(path), path).to.deep.equal([200, 200, 200, 403, 401]);
    for (const path of others) expect(await statusesOf(path), path).to.deep.equal([403, 200, 200, 403, 401]);
    expect(await statusesOf('ledger/journal')).to.deep.equal([403, 403, 200, 403, 401]);
    const written = ['set', 'remove', 'adjust', 'allocate-by-email'];
    for (const client of [one.client, service]) {
      for (const word of [...written, 'allocate']) {
        const body = { userId: one.id, email: one.email, credits: 1 };
        expectProblem(await post(client, `credits/${word}`, body), 403, 'permission.denied');
      }
    }
    const grant = { userId: one.id, credits: 1 };
    expectProblem(await post(supervisor, 'credits/allocate', grant), 403, 'permission.denied');
    for (const path of ['initialize', 'extend', 'finalize', 'abort'].map((w) => `streaming-sessions/${w}`)) {
      for (const client of [one.client, supervisor, admin]) {
        expectProblem(await post(client, path, {}), 403, 'permission.denied');
      }
      expectProblem(await post(nobody, path, {}), 401, 'credential.missing');
    }
    expectProblem(await post(admin, 'usage/record', {}), 403, 'permission.denied');
    expect(await available(one)).to.equal(1);
  });

  it('pages through the journal without a gap or a repeat', async () => {
    const one = await person(1);
    await post(one.client, 'credits/deduct', { credits: 0.25 });
    const whole = (await get(admin, 'ledger/journal?after=0&limit=100')).body;
    const walked: unknown[] = [];
    for (let after = 0, more = true; more; ) {
      const page = (await get(admin, `ledger/journal?after=${after}&limit=7`)).body;
      walked.push(...page.entries);
      after = page.nextCursor;
      more = page.hasMore;
    }
    expect(walked.slice(0, 100)).to.deep.equal(whole.entries);
    const cursors = walked.map((entry) => (entry as { cursor: number }).cursor);
    expect(cursors).to.deep.equal([...new Set(cursors)].sort((left, right) => left - right));
    const his = walked.filter((entry) => (entry as { userId: string }).userId === one.id);
    expect(his.map((entry) => (entry as { kind: string }).kind)).to.deep.equal(['grant', 'deduct']);
    const end = (await get(admin, `ledger/journal?after=${cursors.at(-1)}`)).body;
    expect(end).to.deep.equal({ entries: [], nextCursor: cursors.at(-1), hasMore: false });
    for (const after of ['x', '-1', '1.5', '1e30']) {
      expectProblem(await get(admin, `ledger/journal?after=${after}`), 400, 'request.invalid');
    }
  });

  it('records the usage that another service metered, once, and shows it at once', async () => {
    const one = await person();
    const record = { id: randomUUID(), userId: one.username, service: 'ocr', tokens: 7, credits: 0.25 };
    for (let sent = 0; sent < 2; sent += 1) {
      const { status, body } = await post(service, 'usage/record', record);
      expect([status, body.userId]).to.deep.equal([201, one.id]);
    }
    const { body } = await get(one.client, 'usage/stats');
    expect(body).to.include({ totalRecords: 1, totalCredits: 0.25 });
    expect(body.byService).to.deep.equal({ ocr: { records: 1, tokens: 7, credits: 0.25 } });
    expect(Object.keys(body.byDay)).to.deep.equal([body.recentActivity[0].timestamp.slice(0, 10)]);
    expect(body.byModel).to.deep.equal({});
    expect(await available(one), 'a record moves no credit').to.equal(0);
  });
});
