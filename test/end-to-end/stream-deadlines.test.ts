import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { ApiClient, EventReader } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { dripping, FakeUpstream } from '../support/fake-upstream.ts';
import { holdfast } from '../support/holdfast-command.ts';
import type { RunningServer } from '../support/running-server.ts';
import { serveUpstream, startUpstreamStream } from '../support/upstream-server.ts';

/** Time between two words of the upstream, in milliseconds. */
const WORD_EVERY_MS = 20;
/** Text that is six times as long on the wire, so that no socket's buffers hold a whole transcript. */
const ESCAPED_TEXT = '\u0001'.repeat(4_096);
/** Settings with which the credit is not what ends a long answer. */
const LONG_ANSWERS = [
  ...['--model-max-tokens', '1000000', '--model-context-tokens', '2000000'],
  ...['--streams-max-output-tokens', '1000000'],
];
/** Readers that one stream may have. */
const READERS = 32;

interface Ended {
  readonly finishReason: string;
  readonly tookMs: number;
}

/** How the chat's stream ended and after how long, as its owner finds it once it has. */
async function endOf(user: ApiClient, chat: string, since: number): Promise<Ended> {
  return eventually(async () => {
    const { body } = await user.get('chat', `/api/chat/sessions/${chat}`);
    expect(body.messages.at(-1).role, 'the answer is kept at the end').to.equal('assistant');
    const tookMs = performance.now() - since;
    const reader = await user.resume(chat);
    return { finishReason: (await reader.toEnd())?.data.finishReason, tookMs };
  });
}

describe('a stream that nobody reads', () => {
  let upstream: FakeUpstream;
  let server: RunningServer;
  let user: ApiClient;

  const begin = async (...flags: string[]): Promise<void> => {
    ({ server, user } = await serveUpstream(upstream, flags));
  };
  beforeEach(async () => {
    upstream = await FakeUpstream.start(dripping('word ', WORD_EVERY_MS));
  });
  afterEach(async () => {
    await server.dispose();
    await upstream.stop();
  });

  it('goes on until its deadline, is billed to there, and its readers find all of it', async () => {
    await begin('--streams-deadline', '1s');
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text: read }) => read.length > 20);
    await reader.cut();
    const since = performance.now();
    const { finishReason, tookMs } = await endOf(user, chat, since);
    expect(finishReason).to.equal('deadline');
    expect(tookMs).to.be.within(800, 5_000);
    await upstream.requests.at(-1)?.closed;
    const { body } = await user.update(chat, reader.streamId, reader.text);
    expect(body.receipt).to.equal('partial');
  });

  it('lives on when a reader comes back in time', async () => {
    await begin('--streams-deadline', '1s');
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text: read }) => read.length > 20);
    await reader.cut();
    const back = await user.resume(chat, reader.cursor);
    const longMs = performance.now() + 2_500;
    expect(await back.until(() => performance.now() > longMs)).to.equal(true);
    await user.stop(chat, reader.streamId);
    expect((await back.toEnd())?.data.finishReason).to.equal('stopped');
    expect(back.events[0]?.id, 'nothing twice, nothing lost').to.equal(reader.cursor + 1);
  });

  it('stops at once with a deadline of 0', async () => {
    await begin('--streams-deadline', '0');
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text: read }) => read.length > 20);
    const second = await user.resume(chat);
    await second.until(({ text: read }) => read.length > 20);
    await reader.cut();
    const longer = second.text.length + 50;
    expect(await second.until(({ text: read }) => read.length > longer), 'one reader is enough').to.equal(
      true,
    );
    await second.cut();
    const { finishReason, tookMs } = await endOf(user, chat, performance.now());
    expect(finishReason).to.equal('deadline');
    expect(tookMs).to.be.below(2_000);
  });

  it('is not kept alive by an observer', async () => {
    await begin('--streams-deadline', '1s');
    const supervisor = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    const { chat, reader } = await startUpstreamStream(user);
    await reader.until(({ text: read }) => read.length > 20);
    const observed = new EventReader(
      await fetch(`${server.urls.chat}/api/chat/sessions/${chat}/observe`, {
        headers: { authorization: `Bearer ${supervisor.token}` },
      }),
    );
    await observed.until(({ text: read }) => read.length > 20);
    await reader.cut();
    const end = await observed.toEnd();
    expect([end?.type, end?.data.finishReason]).to.deep.equal(['done', 'deadline']);
  });

  it('ends at the longest that a stream may take, however many read it', async () => {
    await begin('--streams-maximum', '2s');
    const since = performance.now();
    const { reader } = await startUpstreamStream(user);
    const end = await reader.toEnd();
    expect([end?.type, end?.data.finishReason]).to.deep.equal(['done', 'deadline']);
    expect(performance.now() - since).to.be.within(1_800, 6_000);
    const { code, stdout } = await holdfast(['doctor', '--data', server.data]);
    expect(code, stdout).to.equal(0);
  });
});

/** Opens an event stream and reads its head and nothing more. */
async function stalledReader(user: ApiClient, chat: string): Promise<Socket> {
  const { hostname, port } = new URL(user.urls.chat);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    `GET /api/chat/sessions/${chat}/stream HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${user.token}\r\n\r\n`,
  );
  await once(socket, 'readable');
  return socket;
}

describe('readers of one stream', () => {
  let upstream: FakeUpstream;
  let server: RunningServer;
  let user: ApiClient;

  before(async () => {
    upstream = await FakeUpstream.start(dripping('word ', WORD_EVERY_MS));
    ({ server, user } = await serveUpstream(upstream, LONG_ANSWERS));
  });
  after(async () => {
    await server.dispose();
    await upstream.stop();
  });

  it(`are at most ${READERS}, and one more is refused until one has gone`, async () => {
    const { chat, reader } = await startUpstreamStream(user);
    const others = await Promise.all(Array.from({ length: READERS - 1 }, () => user.resume(chat)));
    expect(others.every(({ response }) => response.status === 200)).to.equal(true);
    const refused = await user.resume(chat);
    expect(refused.response.status).to.equal(429);
    expect(refused.response.headers.get('retry-after')).to.match(/^\d+$/);
    await refused.cut();
    await others.pop()?.cut();
    const late = await eventually(async () => {
      const admitted = await user.resume(chat);
      expect(admitted.response.status).to.equal(200);
      return admitted;
    });
    await user.stop(chat, reader.streamId);
    const all = await Promise.all(
      [reader, late, ...others].map(async (each) => [await each.toEnd(), each.text]),
    );
    for (const each of all) expect(each).to.deep.equal(all[0]);
  });

  it('that take nothing are let go and can resume, and the others get all of it meanwhile', async () => {
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    await admin.post('accounting', '/api/credits/allocate', { userId: 'user1', credits: 2_000 });
    upstream.next(dripping(ESCAPED_TEXT, 2));
    const { chat, reader } = await startUpstreamStream(user);
    const stalled = await stalledReader(user, chat);
    const end = await reader.toEnd();
    expect(end?.data.finishReason, 'the answer has reached its maximum').to.equal('length');
    expect(reader.text.length).to.be.greaterThan(1_000_000);
    const seen = await text(stalled);
    expect(seen).to.contain('event: session').and.not.to.contain('event: done');
    const resumed = await user.resume(chat, lastEventId(seen));
    expect((await resumed.toEnd())?.data).to.deep.equal(end?.data);
    const missing = reader.text.slice(-resumed.text.length);
    expect(resumed.text === missing, 'it gets the rest').to.equal(true);
    const replay = await user.resume(chat);
    await replay.toEnd();
    expect(replay.text === reader.text).to.equal(true);
  });
});

/** The id of the last event that arrived whole. */
const lastEventId = (seen: string): number =>
  Number([...seen.matchAll(/^id: (\d+)\nevent: \w+\ndata: .*\n\n/gm)].at(-1)?.[1]);
