import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { RunningServer, temporaryFolder } from '../support/running-server.ts';

async function ended(user: ApiClient, chat: string, headers: Record<string, string> = {}) {
  const reader = await user.start(chat, 'What is it?', headers);
  expect(reader.response.status).to.equal(200);
  expect((await reader.toEnd())?.type).to.equal('done');
  return reader;
}

/** The ids of the reservations that were ever held for somebody, and what they came to. */
async function usageOf(user: ApiClient): Promise<{ totalRecords: number; totalCredits: number }> {
  return (await user.get('accounting', '/api/usage/stats')).body;
}

describe('reading on from a cursor', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '0']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(() => server.dispose());

  it('gives the rest of the stream that the cursor is in, and the next stream on the next connection', async () => {
    const chat = await user.createChat();
    const first = await ended(user, chat);
    const second = await ended(user, chat);
    expect(second.events[0]?.id, 'offsets go on').to.equal(first.cursor + 1);

    const rest = await user.resume(chat, 2);
    await rest.toEnd();
    expect(rest.streamId).to.equal(first.streamId);
    expect(rest.events).to.deep.equal(first.events.slice(2));
    const next = await user.resume(chat, rest.cursor);
    await next.toEnd();
    expect(next.streamId).to.equal(second.streamId);
    expect(next.events).to.deep.equal(second.events);
    expect((await user.resume(chat, next.cursor)).response.status).to.equal(204);
  });

  it('replays the last stream without a cursor, and the first one from 0', async () => {
    const chat = await user.createChat();
    expect((await user.resume(chat)).response.status, 'nothing yet').to.equal(204);
    const first = await ended(user, chat);
    const second = await ended(user, chat);
    for (const [cursor, whole] of [
      [undefined, second],
      [0, first],
    ] as const) {
      const replay = await user.resume(chat, cursor);
      await replay.toEnd();
      expect(replay.events).to.deep.equal(whole.events);
    }
  });

  it('tells a cursor beyond the log so, to this reader alone and without a loop', async () => {
    const chat = await user.createChat();
    const whole = await ended(user, chat);
    for (const cursor of [String(whole.cursor + 1), '9'.repeat(30)]) {
      const path = `/api/chat/sessions/${chat}/stream`;
      const { status, body } = await user.get('chat', path, { 'last-event-id': cursor });
      expect(status).to.equal(200);
      expect(body).to.contain(`\nid: ${whole.cursor}\nevent: error\n`).and.to.contain('"stream.offset_lost"');
      expect((await user.resume(chat, whole.cursor)).response.status).to.equal(204);
    }
    const replay = await user.resume(chat);
    await replay.toEnd();
    expect(replay.events).to.deep.equal(whole.events);
  });
});

describe('the key of a start', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let data: string;
  const key = (value: string) => ({ 'idempotency-key': value });

  before(async () => {
    data = temporaryFolder();
    server = await RunningServer.start(['--demo', '--model-pace', '300'], data);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(() => server.dispose());

  it('makes one stream of any number of starts that race, and one charge', async () => {
    const chat = await user.createChat();
    const before = await usageOf(user);
    const readers = await Promise.all(
      Array.from({ length: 8 }, () => user.start(chat, 'What is it?', key('race'))),
    );
    expect(readers.map(({ response }) => response.status)).to.deep.equal(readers.map(() => 200));
    expect(new Set(readers.map(({ streamId }) => streamId)).size).to.equal(1);
    const replayed = readers.filter(({ response }) => response.headers.has('idempotent-replayed'));
    expect(replayed).to.have.length(readers.length - 1);
    const [first, ...others] = readers;
    await Promise.all(readers.map((reader) => reader.toEnd()));
    for (const other of others) expect(other.events).to.deep.equal(first?.events);
    expect((await usageOf(user)).totalRecords - before.totalRecords).to.equal(1);
    const { messages } = (await user.get('chat', `/api/chat/sessions/${chat}/messages`)).body;
    expect(messages.map(({ role }: { role: string }) => role)).to.deep.equal(['user', 'assistant']);
  });

  it('with another body is 422, and in another chat another start', async () => {
    const [chat, other] = [await user.createChat(), await user.createChat()];
    const first = await ended(user, chat, key('k'));
    const changed = await user.start(chat, 'Something else?', key('k'));
    expect(changed.response.status).to.equal(422);
    const elsewhere = await ended(user, other, key('k'));
    expect(elsewhere.streamId).not.to.equal(first.streamId);
    expect(elsewhere.response.headers.has('idempotent-replayed')).to.equal(false);
  });

  it('without a key, a start beside a running one is 409 that says not to retry', async () => {
    const chat = await user.createChat();
    const running = await user.start(chat, 'What is it?', key('first'));
    const { response } = await user.start(chat);
    expect([response.status, response.headers.get('x-should-retry')]).to.deep.equal([409, 'false']);
    const again = await user.start(chat, 'What is it?', key('first'));
    expect(again.streamId).to.equal(running.streamId);
    await user.stop(chat, running.streamId);
    await Promise.all([running.toEnd(), again.toEnd()]);
    expect(again.events).to.deep.equal(running.events);
  });

  it('is free again after 402', async () => {
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const set = (credits: number) =>
      admin.post('accounting', '/api/credits/set', { userId: 'user1', credits });
    const chat = await user.createChat();
    expect((await set(0)).status).to.equal(200);
    const refused = await user.start(chat, 'What is it?', key('poor'));
    expect(refused.response.status).to.equal(402);
    await set(100);
    const accepted = await ended(user, chat, key('poor'));
    expect(accepted.response.headers.has('idempotent-replayed')).to.equal(false);
  });

  it('answers with the same stream after a kill of the server, its interruption included', async () => {
    const chat = await user.createChat();
    const running = await user.start(chat, 'What is it?', key('kill'));
    await running.until(({ text }) => text.length > 20);
    await server.end('SIGKILL');
    await running.toEnd();
    server = await RunningServer.start(['--demo', '--model-pace', '300'], data);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const again = await user.start(chat, 'What is it?', key('kill'));
    expect(again.streamId).to.equal(running.streamId);
    expect(again.response.headers.get('idempotent-replayed')).to.equal('true');
    const end = await again.toEnd();
    expect(end?.data.code).to.equal('stream.interrupted');
    expect(again.events.slice(0, running.events.length)).to.deep.equal(running.events);
    const next = await ended(user, chat);
    expect(next.events[0]?.id, 'offsets go on after a restart').to.equal((end?.id ?? 0) + 1);
  });
});

describe('after retention', function () {
  this.timeout(60_000);
  const flags = ['--demo', '--model-pace', '0', '--streams-retention', '1s'];
  let server: RunningServer;
  after(() => server.dispose());

  it('the stream cannot be updated, stopped or read, offsets go on, and the chat keeps its messages', async () => {
    const data = temporaryFolder();
    server = await RunningServer.start(flags, data);
    let user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const chat = await user.createChat();
    const old = await ended(user, chat, { 'idempotency-key': 'old' });
    await eventually(async () => expect((await user.stop(chat, old.streamId)).status).to.equal(400));
    await server.end();
    server = await RunningServer.start(flags, data);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');

    expect((await user.update(chat, old.streamId, old.text)).body.code).to.equal('stream.id_mismatch');
    expect((await user.stop(chat, old.streamId)).body.code).to.equal('stream.id_mismatch');
    expect((await user.resume(chat)).response.status).to.equal(204);
    expect((await user.resume(chat, old.cursor)).response.status, 'the end was delivered').to.equal(204);
    const lost = await user.resume(chat, 2);
    expect((await lost.toEnd())?.data.code, 'never a silent gap').to.equal('stream.offset_lost');
    expect(lost.cursor).to.equal(old.cursor);
    const { messages } = (await user.get('chat', `/api/chat/sessions/${chat}`)).body;
    expect(messages.at(-1).content).to.equal(old.text);

    const next = await ended(user, chat, { 'idempotency-key': 'old' });
    expect(next.streamId, 'the key is free again').not.to.equal(old.streamId);
    expect(next.events[0]?.id).to.equal(old.cursor + 1);
    const behind = await user.resume(chat, 2);
    expect((await behind.toEnd())?.data.code).to.equal('stream.offset_lost');
    expect(behind.cursor).to.equal(next.cursor);
  });
});
