import { expect } from 'chai';
import { ApiClient, EventReader } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { RunningServer } from '../support/running-server.ts';

describe('what supervisors may see', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let supervisor: ApiClient;
  let userId: string;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '150', '--log-format', 'json']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    supervisor = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    userId = (await user.get('auth', '/api/auth/me')).body.id;
  });
  after(() => server.dispose());

  const observe = async (client: ApiClient, chat: string): Promise<EventReader> =>
    new EventReader(
      await fetch(`${server.urls.chat}/api/chat/sessions/${chat}/observe`, {
        headers: { authorization: `Bearer ${client.token}` },
      }),
    );

  const audited = (act: string): Array<{ outcome: string; object: string }> =>
    server.output
      .split('\n')
      .filter((line) => line.includes(`"${act}"`))
      .map((line) => JSON.parse(line).audit);

  it('is a running stream, its history marked off, to its end, and the audit knows', async () => {
    const chat = await user.createChat();
    const reader = await user.start(chat);
    await reader.until(({ text }) => text.length > 30);
    const observer = await observe(supervisor, chat);
    expect(observer.response.status).to.equal(200);
    expect(observer.streamId).to.equal(reader.streamId);
    await observer.until(({ events }) => events.some(({ type }) => type === 'history-end'));
    await user.stop(chat, reader.streamId);
    await Promise.all([observer.toEnd(), reader.toEnd()]);
    const types = observer.events.map(({ type }) => type);
    expect(types.slice(0, 3)).to.deep.equal(['observer', 'history-start', 'session']);
    expect(types.filter((type) => type === 'history-end')).to.have.length(1);
    expect(types.at(-1)).to.equal('done');
    const logged = observer.events.filter(({ id }) => id > 0);
    expect(logged).to.deep.equal(reader.events);
    await eventually(async () =>
      expect(audited('stream.observe').at(-1)).to.include({ outcome: 'done', object: chat }),
    );
  });

  it('is not what a user sees: he is no reader, cannot stop it, and counts for nothing', async () => {
    const chat = await user.createChat();
    const reader = await user.start(chat);
    const observers = await Promise.all(Array.from({ length: 32 }, () => observe(supervisor, chat)));
    expect(observers.map(({ response }) => response.status)).to.deep.equal(observers.map(() => 200));
    const tabs = await Promise.all(Array.from({ length: 31 }, () => user.resume(chat)));
    expect(tabs.map(({ response }) => response.status)).to.deep.equal(tabs.map(() => 200));
    const oneTooMany = await user.resume(chat);
    expect(oneTooMany.response.status).to.equal(429);
    expect((await supervisor.stop(chat, reader.streamId)).status).to.equal(404);
    await user.stop(chat, reader.streamId);
    const ends = await Promise.all([...observers, ...tabs].map((each) => each.toEnd()));
    for (const end of ends) expect(end?.data.finishReason).to.equal('stopped');
  });

  it('without a running stream is 404 with the chats that have one, also for a chat that is not there', async () => {
    const [idle, busy] = [await user.createChat(), await user.createChat()];
    const reader = await user.start(busy);
    for (const chat of [idle, 'no-such-chat']) {
      const answer = await supervisor.get('chat', `/api/chat/sessions/${chat}/observe`);
      expect([answer.status, answer.body.code]).to.deep.equal([404, 'stream.not_running']);
      expect(answer.body.availableSessions).to.deep.equal([busy]);
    }
    await eventually(async () => expect(audited('stream.observe').at(-1)).to.include({ outcome: 'refused' }));
    await user.stop(busy, reader.streamId);
    const none = await supervisor.get('chat', `/api/chat/sessions/${busy}/observe`);
    expect(none.body.availableSessions).to.deep.equal([]);
  });

  it("are users' chats, by id or username, and users by a part of their name", async () => {
    const chat = await user.createChat();
    for (const name of [userId, 'user1', 'USER1']) {
      const listed = await supervisor.get('chat', `/api/chat/users/${name}/sessions?limit=1`);
      expect(listed.body.sessions[0].sessionId).to.equal(chat);
      expect(listed.body.pagination).to.include({ currentPage: 1, perPage: 1 });
      const one = await supervisor.get('chat', `/api/chat/users/${name}/sessions/${chat}`);
      expect(one.body).to.include({ sessionId: chat }).and.to.have.property('messages');
    }
    await eventually(async () =>
      expect(audited('chat.read_any').at(-1)).to.include({ outcome: 'done', object: chat }),
    );
    const found = await supervisor.get('chat', '/api/chat/users/search?query=user1');
    expect(found.body.pagination.total).to.equal(found.body.users.length);
    const entry = found.body.users.find(({ _id }: { _id: string }) => _id === userId);
    expect(entry).to.include({ username: 'user1' });
    expect(entry.sessionCount).to.be.at.least(1);
    expect((await supervisor.get('chat', '/api/chat/users/search?query=zzz')).body.users).to.deep.equal([]);

    const own = await supervisor.createChat();
    for (const path of [
      'nobody/sessions',
      `nobody/sessions/${chat}`,
      `${userId}/sessions/${own}`,
      'user1/sessions/none',
    ]) {
      expect((await supervisor.get('chat', `/api/chat/users/${path}`)).status, path).to.equal(404);
    }
    expect((await supervisor.get('chat', '/api/chat/users/search')).status).to.equal(400);
  });

  it('is 403 to a user, before anything is looked up', async () => {
    const chat = await user.createChat();
    for (const path of [
      `sessions/${chat}/observe`,
      'sessions/no-such-chat/observe',
      `users/${userId}/sessions`,
      `users/${userId}/sessions/${chat}`,
      'users/nobody/sessions',
      'users/search?query=a',
      'users/search',
    ]) {
      const { status, body } = await user.get('chat', `/api/chat/${path}`);
      expect([status, body.code], path).to.deep.equal([403, 'permission.denied']);
      expect(body).not.to.have.property('availableSessions');
      const anonymous = await new ApiClient(server.urls).get('chat', `/api/chat/${path}`);
      expect([anonymous.status, anonymous.headers.has('www-authenticate')], path).to.deep.equal([401, true]);
    }
  });
});
