import { expect } from 'chai';
import { ApiClient, type EventReader } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { DONE_EVENT, deltaEvent, dripping, FakeUpstream } from '../support/fake-upstream.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { RunningServer } from '../support/running-server.ts';
import {
  createUpstreamChat,
  creditOf,
  serveUpstream,
  startUpstreamStream,
  type UpstreamServer,
} from '../support/upstream-server.ts';

/** Time between two words of the upstream, in milliseconds. */
const WORD_EVERY_MS = 20;
/** How long running streams may go on, in milliseconds. */
const GRACE_MS = 3_000;
/** What an ordered end may take beyond the grace, in milliseconds; far more than it needs. */
const END_ALLOWANCE_MS = 4_000;

describe('a server that is told to stop', () => {
  let upstream: FakeUpstream;
  let started: UpstreamServer;
  let creditBefore: number;

  beforeEach(async () => {
    upstream = await FakeUpstream.start(dripping('word ', WORD_EVERY_MS));
    started = await serveUpstream(upstream, ['--drain-grace', `${GRACE_MS}ms`]);
    creditBefore = (await creditOf(started.user)).availableCredits;
  });
  afterEach(async () => {
    await started.server.dispose();
    await upstream.stop();
  });

  /** Starts a stream and reads its first words. */
  async function running(): Promise<{ readonly chat: string; readonly reader: EventReader }> {
    const stream = await startUpstreamStream(started.user);
    expect(await stream.reader.until(({ text }) => text.length > 20)).to.equal(true);
    return stream;
  }

  /** Waits until the server knows that it stops, and sees that it starts nothing more. A start before would be billed. */
  async function stopping(chat: string): Promise<void> {
    await eventually(async () => {
      expect((await started.user.get('chat', '/health/ready')).status).to.equal(503);
    });
    const { response } = await started.user.start(chat);
    expect(response.status).to.equal(503);
    expect(response.headers.get('retry-after')).to.match(/^\d+$/);
  }

  /** Starts the server again on its data: what was paid is what the ends say, and the doctor finds nothing. */
  async function expectConsistent(ends: (again: ApiClient) => Promise<readonly number[]>): Promise<void> {
    const again = await RunningServer.start(['--demo'], started.server.data);
    try {
      const user = await ApiClient.login(again.urls, 'user1', 'User1@123');
      const charged = (await ends(user)).reduce((sum, credits) => sum + credits, 0);
      await eventually(async () => {
        const { availableCredits, heldCredits } = await creditOf(user);
        expect(heldCredits).to.equal(0);
        expect(creditBefore - availableCredits).to.be.closeTo(charged, 1e-9);
      });
      const { code, stdout } = await holdfast(['doctor', '--data', again.data]);
      expect(code, stdout).to.equal(0);
    } finally {
      await again.dispose();
    }
  }

  it('lets short streams end and interrupts long ones, starts nothing, serves who comes back, and ends with 0', async () => {
    const { server, user } = started;
    const idle = await createUpstreamChat(user);
    const long = await running();
    const { promise: mayEnd, resolve: endShort } = Promise.withResolvers<void>();
    upstream.next(async (response) => {
      void dripping('brief ', WORD_EVERY_MS)(response);
      await mayEnd;
      response.end(`${deltaEvent({}, 'stop')}${DONE_EVENT}`);
    });
    const short = await running();

    const since = performance.now();
    const ended = server.end('SIGTERM');
    await stopping(idle);
    expect((await user.get('chat', '/health/live')).status).to.equal(200);
    const ready = await user.get('chat', '/health/ready');
    expect([ready.status, ready.body.dependency]).to.deep.equal([503, 'shutdown']);
    await short.reader.cut();
    const back = await user.resume(short.chat, short.reader.cursor);
    endShort();
    const shortEnd = await back.toEnd();
    expect([shortEnd?.type, shortEnd?.data.finishReason]).to.deep.equal(['done', 'stop']);
    const whole = short.reader.text + back.text;
    expect((await user.update(short.chat, short.reader.streamId, whole)).body.receipt).to.equal('exact');

    const longEnd = await long.reader.toEnd();
    expect([longEnd?.type, longEnd?.data.code]).to.deep.equal(['error', 'stream.interrupted']);
    expect(longEnd?.data.creditsCharged).to.be.greaterThan(0);
    expect(await ended).to.equal(0);
    expect(performance.now() - since).to.be.within(GRACE_MS, GRACE_MS + END_ALLOWANCE_MS);
    expect(upstream.requests, 'a refused start asks no model').to.have.length(2);
    await expectConsistent(async (again) => {
      const { messages } = (await again.get('chat', `/api/chat/sessions/${long.chat}`)).body;
      expect(messages.at(-1).content).to.equal(long.reader.text);
      expect(messages.at(-1).metadata.state).to.equal('interrupted');
      return [shortEnd?.data.creditsCharged, longEnd?.data.creditsCharged];
    });
  });

  it('does not wait when nothing runs', async () => {
    const since = performance.now();
    expect(await started.server.end('SIGTERM')).to.equal(0);
    expect(performance.now() - since).to.be.below(GRACE_MS);
  });

  it('ends at once at the second signal, and the next start gives the stream its honest end', async () => {
    const { server, user } = started;
    const idle = await createUpstreamChat(user);
    const { chat, reader } = await running();
    server.signal('SIGTERM');
    await stopping(idle);
    const since = performance.now();
    expect(await server.end('SIGTERM')).to.equal(130);
    expect(performance.now() - since).to.be.below(GRACE_MS / 2);
    expect(await reader.toEnd()).to.equal(undefined);
    await expectConsistent(async (again) => {
      const resumed = await again.resume(chat);
      const end = await resumed.toEnd();
      expect(end?.data.code).to.equal('stream.interrupted');
      expect(resumed.text.startsWith(reader.text)).to.equal(true);
      return [end?.data.creditsCharged];
    });
  });

  it('ends in the same order for its user at the keyboard, with 130', async () => {
    const { chat, reader } = await running();
    const ended = started.server.end('SIGINT');
    const end = await reader.toEnd();
    expect(end?.data.code).to.equal('stream.interrupted');
    expect(await ended).to.equal(130);
    await expectConsistent(async (again) => {
      expect((await (await again.resume(chat)).toEnd())?.data).to.deep.equal(end?.data);
      return [end?.data.creditsCharged];
    });
  });
});
