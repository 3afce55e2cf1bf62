import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  HOLDS_BACKOFF_MS,
  HOLDS_MAX_TRIES,
  HttpCreditHolds,
} from '../../../../src/adapters/outbound/http/accounting/http-credit-holds.ts';
import type { SettlementIntent } from '../../../../src/application/ports/accounting/credit-holds.ts';
import { PortError } from '../../../../src/application/ports/port-error.ts';
import type { StreamId } from '../../../../src/domain/streaming/stream-id.ts';
import { describeCreditHolds, moneyOf } from '../../../contracts/credit-holds.ts';
import { AccountingService, PEOPLE, SERVICE_KEY } from '../../../support/accounting-service.ts';
import { streamId } from '../../../support/ledger-builders.ts';

const { alice } = PEOPLE;
const ID = streamId(1) as StreamId;
const REQUEST = { id: ID, userId: alice.userId, modelId: 'handbook', estimatedTokens: 100 };
const FINALIZE: SettlementIntent = { kind: 'finalize', id: ID, tokens: 250, success: true };

/** Longest wait for an answer where answers are kept back, in milliseconds. */
const SHORT_TIMEOUT_MS = 500;

/** Pauses that take no time, and are kept to be read. */
class NoPauses {
  readonly pausesMs: number[] = [];
  async sleep(delayMs: number): Promise<void> {
    this.pausesMs.push(delayMs);
  }
}

const ids = { uuid: () => '', secret: () => '', fraction: () => 0.5 };
interface HoldsOptions {
  timers?: NoPauses;
  serviceKey?: string;
  requestTimeoutMs?: number;
}
const holdsAt = (origin: URL, options: HoldsOptions = {}): HttpCreditHolds =>
  new HttpCreditHolds({ origin, serviceKey: SERVICE_KEY, ids, timers: new NoPauses(), ...options });

describeCreditHolds('HttpCreditHolds', async () => {
  const accounting = new AccountingService();
  const { origin, close } = await accounting.serve();
  return { holds: holdsAt(origin), accounting, close };
});

/** What stands between chat and accounting and does to each request what the test says. */
type Fault = (response: ServerResponse, forward: () => Promise<Response>) => void | Promise<void>;

const hang: Fault = () => {};
const hangUp: Fault = (response) => void response.destroy();
const say =
  (status: number, text: string): Fault =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(text);
const problem = (status: number, code: string): Fault =>
  say(status, JSON.stringify({ status, code, message: 'a sentence' }));
const pass: Fault = async (response, forward) => {
  const answer = await forward();
  response.writeHead(answer.status).end(await answer.text());
};
const cutAnswer: Fault = async (response, forward) => {
  const text = await (await forward()).text();
  response.writeHead(200, { 'content-length': String(text.length) });
  response.write(text.slice(0, 20), () => response.destroy());
};
const carryOutAndHang: Fault = async (_response, forward) => void (await forward());

class FaultyWire {
  readonly accounting = new AccountingService();
  readonly bodies: unknown[] = [];
  readonly #faults: Fault[] = [];
  #server: Server = createServer();
  #closeAccounting = async (): Promise<void> => {};

  async start(): Promise<HttpCreditHolds> {
    await this.accounting.grant(alice, 10);
    const { origin, close } = await this.accounting.serve();
    this.#closeAccounting = close;
    this.#server = createServer((request, response) => void this.#meet(request, response, origin));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return holdsAt(new URL(`http://127.0.0.1:${port}`), { requestTimeoutMs: SHORT_TIMEOUT_MS });
  }

  /** What happens to the next requests; everything is passed on after them. */
  next(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#closeAccounting();
  }

  async #meet(request: IncomingMessage, response: ServerResponse, origin: URL): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString();
    this.bodies.push(JSON.parse(body));
    const forward = (): Promise<Response> =>
      fetch(new URL(request.url ?? '', origin), {
        method: 'POST',
        headers: {
          authorization: request.headers.authorization ?? '',
          'content-type': 'application/json',
        },
        body,
      });
    await (this.#faults.shift() ?? pass)(response, forward);
  }
}

async function kindOfFailure(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(PortError);
    return (error as PortError).kind;
  }
}

describe('HttpCreditHolds between services that fail', () => {
  let wire: FaultyWire;
  let holds: HttpCreditHolds;

  beforeEach(async () => {
    wire = new FaultyWire();
    holds = await wire.start();
  });
  afterEach(() => wire.stop());

  it('knows that nothing was done when nobody listens', async () => {
    const { origin, close } = await wire.accounting.serve();
    await close();
    const timers = new NoPauses();
    const nobody = holdsAt(origin, { timers });
    expect(await kindOfFailure(nobody.reserve(REQUEST))).to.equal('unavailable');
    expect(await kindOfFailure(nobody.extend(ID, 1))).to.equal('unavailable');
    expect(await kindOfFailure(nobody.checkpointOf(ID))).to.equal('unavailable');
    expect(await kindOfFailure(nobody.resolve(FINALIZE))).to.equal('unavailable');
    expect(timers.pausesMs.slice(0, 2)).to.deep.equal([HOLDS_BACKOFF_MS / 2, HOLDS_BACKOFF_MS]);
    expect(timers.pausesMs).to.have.length(4 * (HOLDS_MAX_TRIES - 1));
  });

  const unknown: ReadonlyArray<[string, Fault]> = [
    ['hangs', hang],
    ['hangs up', hangUp],
    ['closes in the middle of its answer', cutAnswer],
    ['answers what is no JSON', say(200, '<html>')],
    ['answers another id', say(201, JSON.stringify({ sessionId: streamId(2) }))],
    ['answers too much', say(200, `"${'x'.repeat(100_000)}"`)],
    ['answers amounts that are none', say(201, `{"sessionId":"${ID}","allocatedCredits":-1}`)],
    ['answers 500', problem(500, 'server.error')],
    ['answers 503 because its store is too slow', problem(503, 'store.timeout')],
    ['answers a 402 that is not accounting’s', say(402, '{}')],
    ['redirects', (response) => void response.writeHead(307, { location: '/elsewhere' }).end()],
  ];
  for (const [what, fault] of unknown) {
    it(`says that the outcome is unknown when accounting ${what} each time`, async () => {
      wire.next(...Array<Fault>(HOLDS_MAX_TRIES).fill(fault));
      expect(await kindOfFailure(holds.reserve(REQUEST))).to.equal('timeout');
      expect(wire.bodies).to.have.length(HOLDS_MAX_TRIES);
    });

    it(`tries again with the same id when accounting ${what} once, and holds once`, async () => {
      wire.next(fault);
      expect((await holds.reserve(REQUEST)).kind).to.equal('held');
      expect(wire.bodies[1]).to.deep.equal(wire.bodies[0]);
      expect(await moneyOf(wire.accounting)).to.deep.equal({ available: 9_000_000, held: 1_000_000 });
    });
  }

  it('knows that nothing was done when accounting says that its store is out of reach', async () => {
    wire.next(...Array<Fault>(HOLDS_MAX_TRIES).fill(problem(503, 'store.unavailable')));
    expect(await kindOfFailure(holds.reserve(REQUEST))).to.equal('unavailable');
  });

  it('does not forget an unknown outcome when later tries certainly did nothing', async () => {
    wire.next(carryOutAndHang, problem(503, 'store.unavailable'), problem(503, 'store.unavailable'));
    expect(await kindOfFailure(holds.reserve(REQUEST))).to.equal('timeout');
    expect((await moneyOf(wire.accounting)).held).to.equal(1_000_000);
    expect(await holds.resolve({ kind: 'abort', id: ID, tokens: 0 })).to.equal('acknowledged');
    expect(await moneyOf(wire.accounting)).to.deep.equal({ available: 10_000_000, held: 0 });
  });

  it('believes no refusal of a reserve whose earlier try may yet be carried out', async () => {
    wire.next(hang, problem(402, 'credit.insufficient'));
    expect(await kindOfFailure(holds.reserve(REQUEST))).to.equal('timeout');
  });

  it('charges once when a settlement was carried out and its answer lost', async () => {
    await holds.reserve(REQUEST);
    wire.next(carryOutAndHang, cutAnswer);
    expect(await holds.resolve(FINALIZE)).to.equal('acknowledged');
    expect(await moneyOf(wire.accounting)).to.deep.equal({ available: 9_750_000, held: 0 });
    expect(await wire.accounting.ledger.usage({ limit: 10 })).to.have.length(1);
  });

  it('settles when accounting answers 500 and 503 before it answers well', async () => {
    await holds.reserve(REQUEST);
    wire.next(problem(500, 'server.error'), problem(503, 'store.unavailable'));
    expect(await holds.resolve(FINALIZE)).to.equal('acknowledged');
  });

  it('rejects no settlement because of a 404 that is not accounting’s', async () => {
    wire.next(...Array<Fault>(HOLDS_MAX_TRIES).fill(say(404, '{"error":"no such page"}')));
    expect(await kindOfFailure(holds.resolve(FINALIZE))).to.equal('timeout');
  });

  it('does nothing with a wrong service key, and does not try again', async () => {
    const { origin, close } = await wire.accounting.serve();
    const timers = new NoPauses();
    const stranger = holdsAt(origin, { timers, serviceKey: 'another-key' });
    expect(await kindOfFailure(stranger.reserve(REQUEST))).to.equal('unavailable');
    expect(await kindOfFailure(stranger.resolve(FINALIZE))).to.equal('unavailable');
    expect(timers.pausesMs).to.deep.equal([]);
    await close();
  });
});
