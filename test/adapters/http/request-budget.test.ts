import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { z } from 'zod';
import { defineRoute } from '../../../src/adapters/inbound/http/route.ts';
import { Budget } from '../../../src/application/budget.ts';
import { type HttpHarness, serveRoutes } from '../../support/http-harness.ts';
import { ManualTimers } from '../../support/manual-timers.ts';

const LIMIT_MS = 10_000;

describe('what a request may wait for', () => {
  let timers: ManualTimers;
  let harness: HttpHarness;
  /** Resolves when a request has come to its route. */
  let asked: PromiseWithResolvers<Budget>;

  beforeEach(async () => {
    timers = new ManualTimers();
    asked = Promise.withResolvers();
    const route = (path: string, handle: (budget: Budget) => Promise<void>) =>
      defineRoute({
        method: 'post',
        path,
        operationId: path.slice(1),
        summary: 'Waits',
        permission: 'public',
        body: z.unknown(),
        answers: { 200: { description: 'It is done' } },
        handle: async ({ budget }) => {
          asked.resolve(budget);
          await handle(budget);
          return { status: 200, body: {} };
        },
      });
    harness = await serveRoutes(
      [
        route('/slow', () => timers.sleep(60_000)),
        route('/promised', async (budget) => {
          budget.keep();
          await timers.sleep(60_000);
        }),
      ],
      undefined,
      () => new Budget({ timers, monotonicMs: () => timers.clock.nowMs(), limitMs: LIMIT_MS }),
    );
  });
  afterEach(() => harness.close());

  const post = (path: string): Promise<Response> =>
    fetch(`${harness.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });

  it('ends in a 503 that says when to come again, while what it waited for goes on', async () => {
    const answer = post('/slow');
    await asked.promise;
    await timers.advance(LIMIT_MS);
    const { status, headers } = await answer;
    expect(status).to.equal(503);
    expect(Number(headers.get('retry-after'))).to.be.at.least(1);
    expect(((await (await answer).json()) as { code: string }).code).to.equal('request.timeout');
    await timers.advance(60_000);
    expect(harness.log.lines.filter(({ level }) => level === 'error')).to.deep.equal([]);
  });

  it('is without end once something is promised', async () => {
    const answer = post('/promised');
    await asked.promise;
    await timers.advance(60_000);
    expect((await answer).status).to.equal(200);
  });

  it('does not count the time in which its body comes', async () => {
    const socket = connect(harness.port, '127.0.0.1');
    const closed = once(socket, 'close');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const head = ['POST /slow HTTP/1.1', `Host: 127.0.0.1:${harness.port}`, 'Content-Type: application/json'];
    socket.write(`${[...head, 'Content-Length: 2', 'Connection: close'].join('\r\n')}\r\n\r\n{`);
    await once(socket, 'ready');
    await timers.advance(LIMIT_MS * 2);
    socket.write('}');
    const budget = await asked.promise;
    expect(budget.isSpent).to.equal(false);
    await timers.advance(LIMIT_MS);
    await closed;
    expect(Buffer.concat(chunks).toString()).to.match(/^HTTP\/1\.1 503 /);
  });
});
