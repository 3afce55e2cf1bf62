import { expect } from 'chai';
import { MAX_RESERVE_ID_AGE_MS } from '../../../../src/application/accounting/reserve-credit.ts';
import { HOLD_LIFETIME_MS } from '../../../../src/domain/accounting/credit-reservation.ts';
import { AccountingClient } from '../../../support/accounting-client.ts';
import { AccountingService, PEOPLE } from '../../../support/accounting-service.ts';
import type { Answer } from '../../../support/api-client.ts';
import { streamId, T0 } from '../../../support/ledger-builders.ts';

const { alice, admin } = PEOPLE;
const ID = streamId(1);

describe('the streaming session routes', () => {
  let service: AccountingService;
  let served: Awaited<ReturnType<AccountingService['serve']>>;
  let client: AccountingClient;

  beforeEach(async () => {
    service = new AccountingService();
    served = await service.serve();
    client = new AccountingClient(served.origin);
    await service.grant(alice, 10);
  });
  afterEach(() => served.close());

  const post = (word: string, body: object): Promise<Answer> =>
    client.post('service', `/api/streaming-sessions/${word}`, body);
  const request = { sessionId: ID, userId: alice.userId, modelId: 'handbook', estimatedTokens: 100 };
  const initialize = (facts: object = {}): Promise<Answer> => post('initialize', { ...request, ...facts });
  const money = async (): Promise<{ available: number; held: number }> => {
    const { body } = await client.get(alice, '/api/credits/balance');
    return { available: body.availableCredits, held: body.heldCredits };
  };

  it('hold the worst case and say what was frozen, the same for a repeat', async () => {
    const first = await initialize();
    expect(first.status).to.equal(201);
    expect(first.body).to.deep.equal({
      sessionId: ID,
      userId: alice.userId,
      modelId: 'handbook',
      allocatedCredits: 1,
      status: 'active',
      prices: { creditsPer1000Tokens: 1 },
      maxOutputTokens: 900,
      limitedBy: 'model',
      expiresAt: new Date(T0 + HOLD_LIFETIME_MS).toISOString(),
    });
    const repeat = await initialize();
    expect([repeat.status, repeat.body]).to.deep.equal([201, first.body]);
    expect(await money()).to.deep.equal({ available: 9, held: 1 });
    expect((await initialize({ sessionId: streamId(2), userId: 'alice' })).status).to.equal(201);
  });

  it('refuse a changed repeat with 422 and hold nothing more', async () => {
    await initialize();
    for (const facts of [{ estimatedTokens: 101 }, { modelId: 'odd' }, { userId: admin.userId }]) {
      const answer = await initialize(facts);
      expect([answer.status, answer.body.code]).to.deep.equal([422, 'reservation.changed']);
    }
    expect(await money()).to.deep.equal({ available: 9, held: 1 });
  });

  it('answer 402 with its sentence when there is not enough credit', async () => {
    const { status, body } = await initialize({ userId: admin.userId });
    expect(status).to.equal(402);
    expect(body.message).to.equal('Insufficient credits for streaming session');
  });

  it('reserve nothing for what they do not know', async () => {
    const cases: ReadonlyArray<[object, number]> = [
      [{ modelId: 'nonsense' }, 404],
      [{ modelId: 'unpriced' }, 503],
      [{ userId: 'nobody' }, 404],
      [{ sessionId: 'stream-1' }, 400],
      [{ sessionId: ID.toUpperCase() }, 400],
      [{ sessionId: `${ID} ` }, 400],
      [{ sessionId: 7 }, 400],
      [{ estimatedTokens: -1 }, 400],
      [{ estimatedTokens: 1.5 }, 400],
      [{ estimatedTokens: 1e300 }, 400],
      [{ estimatedTokens: '100' }, 400],
      [{ estimatedTokens: undefined }, 400],
      [{ estimatedTokens: 100_000_000 }, 402],
    ];
    for (const [facts, expected] of cases) {
      expect([facts, (await initialize(facts)).status]).to.deep.equal([facts, expected]);
    }
    expect(await money()).to.deep.equal({ available: 10, held: 0 });
  });

  it('refuse an id that is older than any retry, even when its tombstone has gone', async () => {
    service.clock.advance(MAX_RESERVE_ID_AGE_MS + 2);
    const { status, body } = await initialize();
    expect([status, body.code]).to.deep.equal([422, 'reservation.expired_id']);
  });

  it('let exactly one of many racing reserves have the credit that is there for one', async () => {
    await client.post(admin, '/api/credits/set', { userId: 'alice', credits: 1 });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, number) => initialize({ sessionId: streamId(number + 1) })),
    );
    const count = (status: number): number => answers.filter((answer) => answer.status === status).length;
    expect([count(201), count(402)]).to.deep.equal([1, 99]);
    expect(await money()).to.deep.equal({ available: 0, held: 1 });
  });

  it('settle once when the same report and others race', async () => {
    await initialize();
    const reports = Array.from({ length: 20 }, (_, number) =>
      post('finalize', { sessionId: ID, actualTokens: 100 + (number % 2) }),
    );
    const answers = await Promise.all(reports);
    expect(answers.filter(({ status }) => status === 200)).to.have.length(10);
    expect(answers.filter(({ status }) => status === 422)).to.have.length(10);
    const charged = answers.find(({ status }) => status === 200)?.body.actualCredits;
    expect(await money()).to.deep.equal({ available: Number((10 - charged).toFixed(6)), held: 0 });
  });

  it('finalize: charge what was used, give the rest back, once', async () => {
    await initialize();
    const report = { sessionId: ID, actualTokens: 250, success: true };
    const first = await post('finalize', report);
    expect([first.status, first.body]).to.deep.equal([
      200,
      { sessionId: ID, actualCredits: 0.25, refund: 0.75 },
    ]);
    const repeat = await post('finalize', report);
    expect([repeat.status, repeat.body]).to.deep.equal([200, first.body]);
    expect(await money()).to.deep.equal({ available: 9.75, held: 0 });
    for (const changed of [{ actualTokens: 251 }, { success: false }]) {
      expect((await post('finalize', { ...report, ...changed })).status).to.equal(422);
    }
    expect((await post('abort', { sessionId: ID, tokensGenerated: 250 })).status).to.equal(422);
    const late = await initialize();
    expect([late.status, late.body.code]).to.deep.equal([409, 'reservation.closed']);
    expect(await money()).to.deep.equal({ available: 9.75, held: 0 });
  });

  it('charge the hold at most, journal the rest as uncollected, and raise the alert once', async () => {
    await initialize();
    const report = { sessionId: ID, actualTokens: 100_000_000 };
    for (let time = 0; time < 2; time += 1) {
      expect((await post('finalize', report)).body).to.include({ actualCredits: 1, refund: 0 });
    }
    expect(service.metrics.of('holdfast_uncollected_credits_total')).to.deep.equal([
      { name: 'holdfast_uncollected_credits_total', labels: { cause: 'shortfall' }, value: 99_999 },
    ]);
    const alerts = service.log.lines.filter(({ level }) => level === 'warn');
    expect(alerts.map(({ fields }) => fields.uncollectedCredits)).to.deep.equal([99_999]);
    const { body } = await client.get(admin, '/api/ledger/journal');
    expect(body.entries.at(-1)).to.include({ kind: 'uncollected', uncollectedCredits: 99_999 });
  });

  it('abort: charge what was produced, or the checkpoint when nobody says', async () => {
    await initialize();
    const first = await post('abort', { sessionId: ID, tokensGenerated: 120 });
    expect([first.status, first.body]).to.deep.equal([
      200,
      { sessionId: ID, partialCredits: 0.12, refund: 0.88 },
    ]);
    expect((await post('abort', { sessionId: ID, tokensGenerated: 120 })).body).to.deep.equal(first.body);
    expect((await post('abort', { sessionId: ID, tokensGenerated: 121 })).status).to.equal(422);
    await initialize({ sessionId: streamId(2) });
    await post('extend', { sessionId: streamId(2), tokensSoFar: 300 });
    expect((await post('abort', { sessionId: streamId(2) })).body).to.include({ partialCredits: 0.3 });
  });

  it('abort of an unknown id is 404 and voids it', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await post('abort', { sessionId: ID });
      expect([status, body.code]).to.deep.equal([404, 'reservation.not_found']);
    }
    const { status, body } = await initialize();
    expect([status, body.code]).to.deep.equal([422, 'reservation.voided']);
    expect(await money()).to.deep.equal({ available: 10, held: 0 });
  });

  it('answer 404 for an id that nobody reserved, and for a text that is no id', async () => {
    for (const sessionId of [ID, 'nonsense', '__proto__']) {
      expect((await post('finalize', { sessionId, actualTokens: 1 })).status).to.equal(404);
      expect((await post('extend', { sessionId, tokensSoFar: 1 })).status).to.equal(404);
      expect((await post('checkpoint', { sessionId })).status).to.equal(404);
    }
    expect((await post('abort', { sessionId: 'nonsense' })).status).to.equal(404);
    const { body } = await client.get(admin, '/api/ledger/journal');
    expect(body.entries.map((entry: { kind: string }) => entry.kind)).to.deep.equal(['grant']);
  });

  it('extend: renew the time, keep the amounts, and end with the hold', async () => {
    await initialize();
    service.clock.advance(HOLD_LIFETIME_MS - 1);
    const { status, body } = await post('extend', { sessionId: ID, tokensSoFar: 40 });
    expect([status, body]).to.deep.equal([
      200,
      {
        sessionId: ID,
        allocatedCredits: 1,
        expiresAt: new Date(T0 + 2 * HOLD_LIFETIME_MS - 1).toISOString(),
      },
    ]);
    service.clock.advance(HOLD_LIFETIME_MS);
    const late = await post('extend', { sessionId: ID, tokensSoFar: 50 });
    expect([late.status, late.body.code]).to.deep.equal([409, 'reservation.closed']);
  });

  it('checkpoint: tell what the last renewal stored, also when the hold is over', async () => {
    await initialize();
    const told = async () => (await post('checkpoint', { sessionId: ID })).body;
    expect(await told()).to.deep.equal({ sessionId: ID, tokensSoFar: 0 });
    await post('extend', { sessionId: ID, tokensSoFar: 40 });
    await post('abort', { sessionId: ID, tokensGenerated: 50 });
    expect(await told()).to.deep.equal({ sessionId: ID, tokensSoFar: 40 });
  });

  it('answer a first report after expiry with what expiry fixed', async () => {
    await initialize();
    await post('extend', { sessionId: ID, tokensSoFar: 40 });
    service.clock.advance(HOLD_LIFETIME_MS);
    await service.ledger.expireDue(service.clock.nowMs(), 10);
    const report = { sessionId: ID, actualTokens: 50 };
    const expected = { sessionId: ID, actualCredits: 0.04, refund: 0.96, expired: true };
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await post('finalize', report);
      expect([status, body]).to.deep.equal([200, expected]);
    }
    expect((await post('finalize', { sessionId: ID, actualTokens: 51 })).status).to.equal(422);
    expect((await post('abort', { sessionId: ID, tokensGenerated: 50 })).status).to.equal(422);
    expect(await money()).to.deep.equal({ available: 9.96, held: 0 });
    expect(service.metrics.of('holdfast_uncollected_credits_total')).to.deep.equal([
      { name: 'holdfast_uncollected_credits_total', labels: { cause: 'late' }, value: 0.01 },
    ]);
  });

  it('answer a first abort after expiry in the same way', async () => {
    await initialize();
    service.clock.advance(HOLD_LIFETIME_MS);
    await service.ledger.expireDue(service.clock.nowMs(), 10);
    const { status, body } = await post('abort', { sessionId: ID });
    expect([status, body]).to.deep.equal([
      200,
      { sessionId: ID, partialCredits: 0, refund: 1, expired: true },
    ]);
  });
});
