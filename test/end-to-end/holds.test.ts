import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Answer, ApiClient } from '../support/api-client.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { expectProblem } from '../support/problems.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORD = 'a long enough password';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** The oldest id that may still be reserved, in milliseconds. */
const DAY_MS = 86_400_000;

describe('holds, as another service meets them', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let admin: ApiClient;
  let service: ApiClient;
  let creditCost: number;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '20']);
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    service = new ApiClient(server.urls, readFileSync(join(server.data, 'service-key'), 'utf8').trim());
    const { models } = (await admin.get('chat', '/api/models')).body;
    creditCost = models.find(({ id }: { id: string }) => id === 'handbook').creditCost;
  });
  after(async () => {
    const { code, stdout, stderr } = await holdfast(['doctor', '--data', server.data]);
    await server.dispose();
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
  });

  const newId = (ageMs = 0): string => `stream-${Date.now() - ageMs}-${randomUUID()}`;
  const post = (word: string, body: object): Promise<Answer> =>
    service.post('accounting', `/api/streaming-sessions/${word}`, body);
  const initialize = (sessionId: string, userId: string, facts: object = {}): Promise<Answer> =>
    post('initialize', { sessionId, userId, modelId: 'handbook', estimatedTokens: 100, ...facts });
  const balance = async (userId: string): Promise<{ available: number; held: number }> => {
    const { body } = await admin.get('accounting', `/api/credits/balance/${userId}`);
    return { available: body.availableCredits, held: body.heldCredits };
  };
  const price = (tokens: number): number => Number(((tokens * creditCost) / 1000).toFixed(6));

  async function person(credits: number): Promise<string> {
    const username = `p${randomUUID().slice(0, 8)}`;
    const account = { username, email: `${username}@example.org`, password: PASSWORD };
    const { userId } = (await admin.post('auth', '/api/admin/users', account)).body;
    if (credits > 0) await admin.post('accounting', '/api/credits/allocate', { userId, credits });
    return userId;
  }

  it('are opened, renewed and settled, each step the same when it is repeated', async () => {
    const [user, id] = [await person(10), newId()];
    const opened = await initialize(id, user);
    expect(opened.status).to.equal(201);
    expect(opened.body).to.include({ sessionId: id, status: 'active' });
    expect(opened.body.prices).to.be.an('object');
    expect(opened.body.maxOutputTokens).to.be.within(256, 4_096);
    expect(opened.body.allocatedCredits).to.equal(price(100 + opened.body.maxOutputTokens));
    expect(opened.body.expiresAt).to.match(ISO);
    expect((await initialize(id, user)).body).to.deep.equal(opened.body);
    expect(await balance(user)).to.deep.equal({
      available: 10 - opened.body.allocatedCredits,
      held: opened.body.allocatedCredits,
    });
    const renewed = await post('extend', { sessionId: id, tokensSoFar: 150 });
    expect(renewed.body).to.include({ sessionId: id, allocatedCredits: opened.body.allocatedCredits });
    expect(Date.parse(renewed.body.expiresAt)).to.be.at.least(Date.parse(opened.body.expiresAt));
    const settled = await post('finalize', { sessionId: id, actualTokens: 200, success: true });
    expect(settled.body).to.deep.equal({
      sessionId: id,
      actualCredits: price(200),
      refund: Number((opened.body.allocatedCredits - price(200)).toFixed(6)),
    });
    const repeats = await Promise.all(
      Array.from({ length: 5 }, () => post('finalize', { sessionId: id, actualTokens: 200, success: true })),
    );
    for (const repeat of repeats) expect([repeat.status, repeat.body]).to.deep.equal([200, settled.body]);
    expect(await balance(user)).to.deep.equal({ available: Number((10 - price(200)).toFixed(6)), held: 0 });
    const { body: usage } = await admin.get('accounting', `/api/usage/stats/${user}`);
    expect(usage).to.include({ totalRecords: 1, totalCredits: price(200) });
    expect(usage.byService['chat-streaming']).to.include({ records: 1, tokens: 200 });
    expect(usage.byModel.handbook).to.include({ records: 1 });
    expect(usage.recentActivity[0]).to.include({ sessionId: id, tokens: 200 });
  });

  it('refuse every changed repeat with 422 and move nothing by it', async () => {
    const [user, other, id] = [await person(10), await person(10), newId()];
    await initialize(id, user);
    for (const facts of [{ estimatedTokens: 101 }, { userId: other }]) {
      expectProblem(await initialize(id, user, facts), 422, 'reservation.changed');
    }
    await post('finalize', { sessionId: id, actualTokens: 50, success: true });
    const after = await balance(user);
    for (const [word, facts] of [
      ['finalize', { actualTokens: 51, success: true }],
      ['finalize', { actualTokens: 50, success: false }],
      ['finalize', { actualTokens: 0, success: true }],
      ['abort', { tokensGenerated: 50 }],
      ['abort', { tokensGenerated: 0 }],
      ['abort', {}],
    ] as const) {
      expectProblem(await post(word, { sessionId: id, ...facts }), 422, 'reservation.changed');
    }
    expectProblem(await post('extend', { sessionId: id, tokensSoFar: 60 }), 409, 'reservation.closed');
    expect((await initialize(id, user)).status, 'an ended id opens no second hold').to.equal(409);
    expect(await balance(user)).to.deep.equal(after);
    expect(await balance(other)).to.deep.equal({ available: 10, held: 0 });
  });

  it('charge an abort for what was produced, or for the last checkpoint', async () => {
    const user = await person(20);
    const [told, untold, nothing] = [newId(), newId(), newId()];
    for (const id of [told, untold, nothing]) await initialize(id, user);
    await post('extend', { sessionId: untold, tokensSoFar: 120 });
    const first = await post('abort', { sessionId: told, tokensGenerated: 130 });
    expect(first.body).to.include({ sessionId: told, partialCredits: price(130) });
    expect((await post('abort', { sessionId: told, tokensGenerated: 130 })).body).to.deep.equal(first.body);
    expectProblem(await post('abort', { sessionId: told, tokensGenerated: 131 }), 422, 'reservation.changed');
    const second = await post('abort', { sessionId: untold });
    expect(second.body.partialCredits).to.equal(price(120));
    const third = await post('abort', { sessionId: nothing, tokensGenerated: 0 });
    expect(third.body).to.include({ partialCredits: 0 });
    expect(await balance(user)).to.deep.equal({ available: Number((20 - price(250)).toFixed(6)), held: 0 });
    const { body: recent } = await admin.get('accounting', `/api/streaming-sessions/recent/${user}`);
    expect(recent.map(({ status }: { status: string }) => status)).to.deep.equal([
      'aborted',
      'aborted',
      'aborted',
    ]);
  });

  it('bury an id that was aborted before its reserve arrived', async () => {
    const [user, id] = [await person(10), newId()];
    expectProblem(await post('abort', { sessionId: id, tokensGenerated: 0 }), 404, 'reservation.not_found');
    expectProblem(await initialize(id, user), 422, 'reservation.voided');
    expectProblem(await post('finalize', { sessionId: id, actualTokens: 1 }), 404, 'reservation.not_found');
    expectProblem(await post('abort', { sessionId: id }), 404, 'reservation.not_found');
    expect(await balance(user)).to.deep.equal({ available: 10, held: 0 });
  });

  it('reserve nothing for what is unknown, malformed, too old or not paid for', async () => {
    const [user, poor] = [await person(10), await person(0)];
    expectProblem(await initialize(newId(), user, { modelId: 'no-such-model' }), 404, 'model.not_found');
    expectProblem(await initialize(newId(), 'nobody-at-all'), 404, 'user.not_found');
    expectProblem(await initialize(newId(DAY_MS + 60_000), user), 422, 'reservation.expired_id');
    const refused = await initialize(newId(), poor);
    expectProblem(refused, 402, 'credit.insufficient');
    expect(refused.body.message).to.equal('Insufficient credits for streaming session');
    for (const facts of [
      { sessionId: 'stream-1' },
      { sessionId: newId().toUpperCase() },
      { sessionId: ` ${newId()}` },
      { sessionId: 5 },
      { estimatedTokens: -1 },
      { estimatedTokens: 1.5 },
      { estimatedTokens: '100' },
      { modelId: null },
      { userId: {} },
    ]) {
      expectProblem(await initialize(newId(), user, facts), 400, 'request.invalid');
    }
    for (const [word, facts] of [
      ['extend', { tokensSoFar: 1 }],
      ['finalize', { actualTokens: 1 }],
    ] as const) {
      for (const sessionId of [newId(), 'stream-1', "x' OR 1=1"]) {
        expectProblem(await post(word, { sessionId, ...facts }), 404, 'reservation.not_found');
      }
    }
    expect(await balance(user)).to.deep.equal({ available: 10, held: 0 });
  });

  it('hold the credit of one call for one of many racing calls', async () => {
    const user = await person(price(100 + 300));
    const racing = await Promise.all(Array.from({ length: 20 }, () => initialize(newId(), user)));
    expect(racing.filter(({ status }) => status === 201)).to.have.length(1);
    expect(racing.filter(({ status }) => status === 402)).to.have.length(19);
    const id = racing.find(({ status }) => status === 201)?.body.sessionId;
    const endings = await Promise.all([
      post('finalize', { sessionId: id, actualTokens: 10 }),
      post('abort', { sessionId: id, tokensGenerated: 20 }),
      post('finalize', { sessionId: id, actualTokens: 30 }),
      post('abort', { sessionId: id, tokensGenerated: 40 }),
    ]);
    expect(endings.map(({ status }) => status).sort()).to.deep.equal([200, 422, 422, 422]);
    expect((await balance(user)).held).to.equal(0);
  });

  it('are out of reach of whoever sets, removes or spends what is available', async () => {
    const [user, id] = [await person(10), newId()];
    const { allocatedCredits } = (await initialize(id, user)).body;
    const act = (word: string, credits: number): Promise<Answer> =>
      admin.post('accounting', `/api/credits/${word}`, { userId: user, credits });
    const emptied = await act('set', 0);
    expect(emptied.body).to.include({ newCredits: 0 });
    expect(await balance(user)).to.deep.equal({ available: 0, held: allocatedCredits });
    expect((await act('remove', 5)).body.newCredits).to.equal(0);
    expect((await act('adjust', -5)).body.newCredits).to.equal(0);
    await act('adjust', 1);
    await post('finalize', { sessionId: id, actualTokens: 0 });
    expect(await balance(user), 'the hold came back whole').to.deep.equal({
      available: allocatedCredits + 1,
      held: 0,
    });
  });

  it('never charge more than they hold, and journal the rest as uncollected', async () => {
    const [user, id] = [await person(10), newId()];
    const { allocatedCredits } = (await initialize(id, user)).body;
    const settled = await post('finalize', { sessionId: id, actualTokens: 100_000 });
    expect(settled.body).to.include({ actualCredits: allocatedCredits, refund: 0 });
    expect(await balance(user)).to.deep.equal({ available: 10 - allocatedCredits, held: 0 });
    const { entries } = (await admin.get('accounting', '/api/ledger/journal?after=0&limit=100')).body;
    const owed = entries.filter(
      (entry: { reservationId?: string; kind: string }) =>
        entry.reservationId === id && entry.kind === 'uncollected',
    );
    expect(owed).to.have.length(1);
    expect(owed[0].uncollectedCredits).to.be.closeTo(price(100_000) - allocatedCredits, 1e-6);
  });
});
