import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { ApiClient, type EventReader } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { holdfast } from '../support/holdfast-command.ts';
import type { RunningServer } from '../support/running-server.ts';
import { ThreeServices } from '../support/three-services.ts';
import { creditOf } from '../support/upstream-server.ts';

/** Times that accounting is killed, each at a random moment of a few streams' lives. */
const KILLS = 6;
/** Streams that are started together in each round. */
const STREAMS = 4;
/** The moments that are tried, in milliseconds after the starts: from before the reserve to after the settlement. */
const KILL_WITHIN_MS = 300;
/** How long accounting is made to stand still, in milliseconds. */
const STANDSTILL_MS = 2_000;
const GRANTED_CREDITS = 1_000;
/** What services that find each other again may take to settle, in milliseconds. */
const SETTLED_WITHIN_MS = 30_000;

describe('chat whose other services go', () => {
  let services: ThreeServices;
  let user: ApiClient;
  /** What the ends of all streams so far say that they cost. */
  let charged: number;
  /** Streams that cost something. */
  let paidStreams: number;

  before(async () => {
    services = await ThreeServices.start(['--model-pace', '2000']);
    const admin = await ApiClient.login(services.urls, 'admin', 'admin@admin');
    const grant = { userId: 'user1', credits: GRANTED_CREDITS };
    await admin.post('accounting', '/api/credits/allocate', grant);
    user = await ApiClient.login(services.urls, 'user1', 'User1@123');
    charged = 0;
    paidStreams = 0;
  });
  after(() => services.dispose());

  /** Reads streams to their ends and remembers what they say that they cost. */
  async function readToEnds(readers: readonly EventReader[]): Promise<void> {
    for (const reader of readers) {
      const { status } = reader.response;
      expect(status).to.be.oneOf([200, 503]);
      if (status === 503) continue;
      const end = await reader.toEnd();
      expect(end?.type).to.equal('done');
      charged += end?.data.creditsCharged;
      paidStreams += 1;
    }
  }

  /** Nothing is held, and every stream was paid once. */
  async function expectSettled(): Promise<void> {
    await eventually(async () => {
      const { availableCredits, heldCredits } = await creditOf(user);
      expect(heldCredits).to.equal(0);
      expect(GRANTED_CREDITS - availableCredits).to.be.closeTo(charged, 1e-6);
      const usage = (await user.get('accounting', '/api/usage/stats')).body;
      expect(usage.totalRecords).to.equal(paidStreams);
    }, SETTLED_WITHIN_MS);
  }

  async function expectHealthy(...servers: readonly RunningServer[]): Promise<void> {
    for (const { data } of servers) {
      const { code, stdout } = await holdfast(['doctor', '--data', data]);
      expect(code, stdout).to.equal(0);
    }
  }

  it(`pays every stream once and leaks no hold, whenever accounting is killed, ${KILLS} times`, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const chats = await Promise.all(Array.from({ length: STREAMS }, () => user.createChat()));
      const starts = Promise.all(chats.map((chat) => user.start(chat, 'Hello')));
      await pause(randomInt(KILL_WITHIN_MS));
      await services.accounting.end('SIGKILL');
      const [readers] = await Promise.all([starts, services.restartAccounting()]);
      await readToEnds(readers);
      const again = await Promise.all(chats.map((chat) => user.start(chat, 'Hello')));
      for (const { response } of again) expect(response.status, 'the slots are free').to.equal(200);
      await readToEnds(again);
    }
    await expectSettled();
    await expectHealthy(services.auth, services.accounting, services.chat);
  });

  it('waits for an accounting that stands still, ends streams without it, and pays each once', async () => {
    const running = await user.createChat();
    const reader = await user.start(running, 'Hello');
    const waiting = await user.createChat();
    services.accounting.signal('SIGSTOP');
    try {
      const late = user.start(waiting, 'Hello');
      await user.stop(running, reader.streamId);
      await readToEnds([reader]);
      await pause(STANDSTILL_MS);
      services.accounting.signal('SIGCONT');
      await readToEnds([await late]);
    } finally {
      services.accounting.signal('SIGCONT');
    }
    await expectSettled();
    await expectHealthy(services.accounting, services.chat);
  });

  it('says that it works worse while accounting is away, and goes on with what needs none', async () => {
    const readiness = async (): Promise<unknown[]> => {
      const { status, body } = await user.get('chat', '/health/ready');
      return [status, body.status, body.missing];
    };
    const chat = await user.createChat();
    const reader = await user.start(chat, 'Hello');
    await readToEnds([reader]);
    expect(await readiness()).to.deep.equal([200, 'ok', undefined]);
    await services.accounting.end('SIGKILL');
    await eventually(async () => expect(await readiness()).to.deep.equal([200, 'degraded', ['accounting']]));
    expect((await user.start(chat, 'Hello again')).response.status).to.equal(503);
    const receipt = await user.update(chat, reader.streamId, reader.text);
    expect([receipt.status, receipt.body.receipt]).to.deep.equal([200, 'exact']);
    await services.restartAccounting();
    await eventually(async () => expect(await readiness()).to.deep.equal([200, 'ok', undefined]));
    await expectSettled();
  });

  it('ends without auth what runs, takes no key that it does not know, and goes on once auth is back', async () => {
    const chat = await user.createChat();
    const reader = await user.start(chat, 'Hello');
    const withUnknownKey = new ApiClient(services.urls, underAnotherKey(user.token));
    expect((await withUnknownKey.get('chat', '/api/chat/sessions')).status).to.equal(401);
    await services.auth.end('SIGKILL');
    await readToEnds([reader]);
    expect((await withUnknownKey.get('chat', '/api/chat/sessions')).status).to.be.oneOf([401, 503]);
    await services.restartAuth();
    await eventually(async () => {
      const receipt = await user.update(chat, reader.streamId, reader.text);
      expect([receipt.status, receipt.body.receipt]).to.deep.equal([200, 'exact']);
    });
    await readToEnds([await user.start(chat, 'Hello again')]);
    await expectSettled();
    await expectHealthy(services.auth, services.accounting, services.chat);
  });
});

/** The same token, as if a key that nobody has published had signed it. */
function underAnotherKey(token: string): string {
  const [header = '', ...rest] = token.split('.');
  const fields = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>;
  const other = Buffer.from(JSON.stringify({ ...fields, kid: 'nobody-published-this' })).toString(
    'base64url',
  );
  return [other, ...rest].join('.');
}
