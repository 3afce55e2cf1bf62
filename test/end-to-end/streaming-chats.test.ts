import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { RunningServer } from '../support/running-server.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SESSIONS = '/api/chat/sessions';

describe('chat sessions over the wire', function () {
  this.timeout(90_000);
  let server: RunningServer;
  let user: ApiClient;
  let supervisor: ApiClient;
  let admin: ApiClient;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '300']);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
    supervisor = await ApiClient.login(server.urls, 'supervisor1', 'Supervisor1@');
    admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
  });
  after(() => server.dispose());

  /** A user of this test alone. */
  async function somebody(username: string): Promise<{ readonly id: string; readonly client: ApiClient }> {
    const account = { username, email: `${username}@example.org`, password: 'Some-Password-1' };
    const { body } = await user.post('auth', '/api/auth/signup', account);
    await admin.post('accounting', '/api/credits/allocate', { userId: username, credits: 100 });
    return { id: body.userId, client: await ApiClient.login(server.urls, username, account.password) };
  }

  const patch = (client: ApiClient, chat: string, body: unknown) =>
    client.send('chat', 'PATCH', `${SESSIONS}/${chat}`, JSON.stringify(body));
  const remove = (client: ApiClient, chat: string) =>
    client.send('chat', 'DELETE', `${SESSIONS}/${chat}`, undefined);

  it('have the names and shapes that clients know, from the making to the end', async () => {
    const asked = { title: 'My chat', initialMessage: 'Hello', modelId: 'no-such-model', source: 'python' };
    const made = await user.post('chat', SESSIONS, { ...asked, unknownField: 1 });
    expect(made.status).to.equal(201);
    expect(made.body).to.include({ title: 'My chat' });
    expect(made.body.createdAt).to.match(ISO);
    const chat = made.body.sessionId;
    const shown = (await user.get('chat', `${SESSIONS}/${chat}`)).body;
    expect(shown).to.include({ sessionId: chat, title: 'My chat', modelId: 'handbook' });
    expect(shown.metadata).to.deep.equal({ source: 'python' });
    expect(shown.messages).to.have.length(1);
    expect(shown.messages[0]).to.include({ role: 'user', content: 'Hello' });
    expect(shown.messages[0].timestamp).to.match(ISO);

    const sent = await user.post('chat', `${SESSIONS}/${chat}/messages`, {
      message: 'What is it?',
      modelId: 'x',
    });
    expect(sent.status).to.equal(200);
    expect(sent.body).to.include({ sessionId: chat });
    expect(sent.body.message).to.be.a('string');
    expect(sent.body.aiResponse).to.be.a('string').and.not.equal('');
    expect(sent.body.tokensUsed).to.be.greaterThan(400);
    const { messages } = (await user.get('chat', `${SESSIONS}/${chat}/messages`)).body;
    expect(messages.map(({ role }: { role: string }) => role)).to.deep.equal(['user', 'user', 'assistant']);
    expect(messages[2].content).to.equal(sent.body.aiResponse);
    expect(messages[2].metadata.state).to.equal('finished');

    const deleted = await remove(user, chat);
    expect(deleted.body).to.include({ sessionId: chat }).and.to.have.property('message').that.is.a('string');
    expect((await user.get('chat', `${SESSIONS}/${chat}`)).status).to.equal(404);
    expect((await remove(user, chat)).status).to.equal(404);
  });

  it('may be made of nothing, of nulls, and of the empty name of a model', async () => {
    for (const body of [
      undefined,
      '{}',
      '{"title":null,"initialMessage":null,"modelId":null,"source":null}',
    ]) {
      const made = await user.send('chat', 'POST', SESSIONS, body);
      expect(made.status, String(body)).to.equal(201);
      expect(made.body.title).to.be.a('string').and.not.equal('');
    }
    const { body } = await user.post('chat', SESSIONS, { modelId: '' });
    expect((await user.get('chat', `${SESSIONS}/${body.sessionId}`)).body.modelId).to.equal('handbook');
  });

  it('have titles of at most 200 characters and texts of at most 10,000, counted as code points', async () => {
    const chat = await user.createChat();
    for (const [title, status] of [
      ['😀'.repeat(200), 200],
      ['😀'.repeat(201), 400],
      ['', 400],
      [7, 400],
      [undefined, 400],
    ] as const) {
      const renamed = await patch(user, chat, { title });
      expect(renamed.status, String(title).slice(0, 20)).to.equal(status);
      if (status === 200) expect(renamed.body.title).to.equal(title);
      else expect(renamed.body.errors[0].path).to.equal('title');
    }
    for (const [characters, status] of [
      [10_000, 201],
      [10_001, 400],
    ] as const) {
      const made = await user.post('chat', SESSIONS, { initialMessage: 'é'.repeat(characters) });
      expect(made.status).to.equal(status);
    }
  });

  it('are listed in pages, last changed first', async () => {
    const { client } = await somebody('lister');
    const chats: string[] = [];
    for (let number = 0; number < 5; number += 1) chats.push(await client.createChat());
    await patch(client, chats[1] ?? '', { title: 'changed last' });
    const page = async (query: string) => (await client.get('chat', `${SESSIONS}${query}`)).body;
    const first = await page('?page=1&limit=2');
    expect(first.pagination).to.deep.equal({ total: 5, pages: 3, currentPage: 1, perPage: 2 });
    expect(first.sessions[0]).to.include({ sessionId: chats[1], title: 'changed last' });
    expect(first.sessions[0]).to.have.all.keys(
      'sessionId',
      'title',
      'createdAt',
      'updatedAt',
      'modelId',
      'metadata',
    );
    const all = [...first.sessions, ...(await page('?page=2&limit=2')).sessions];
    all.push(...(await page('?page=3&limit=2')).sessions);
    expect(new Set(all.map(({ sessionId }) => sessionId))).to.deep.equal(new Set(chats));
    expect((await page('?page=9')).sessions).to.deep.equal([]);
    expect((await page('')).pagination.perPage).to.be.within(1, 100);
    for (const bad of ['limit=0', 'limit=101', 'limit=-1', 'limit=x', 'page=0', 'page=1.5', 'limit=']) {
      expect((await client.get('chat', `${SESSIONS}?${bad}`)).status, bad).to.equal(400);
    }
    expect((await client.get('chat', `${SESSIONS}?limit=100`)).status).to.equal(200);
  });

  it("of another owner are not there, on any route and with any role's own routes", async () => {
    const chat = await user.createChat();
    const reader = await user.start(chat);
    const path = `${SESSIONS}/${chat}`;
    for (const stranger of [supervisor, admin]) {
      const id = { streamingSessionId: reader.streamId };
      const answers = [
        await stranger.get('chat', path),
        await patch(stranger, chat, { title: 'mine' }),
        await remove(stranger, chat),
        await stranger.get('chat', `${path}/messages`),
        await stranger.post('chat', `${path}/messages`, { message: 'Hi' }),
        await stranger.post('chat', `${path}/stream`, { message: 'Hi' }),
        await stranger.get('chat', `${path}/stream`),
        await stranger.get('chat', `${path}/stream`, { 'last-event-id': '1' }),
        await stranger.post('chat', `${path}/stop`, id),
        await stranger.post('chat', `${path}/update-stream`, { ...id, completeResponse: '' }),
      ];
      for (const { status, body } of answers) {
        expect([status, body.code]).to.deep.equal([404, 'chat.not_found']);
      }
    }
    expect((await user.stop(chat, reader.streamId)).body.state).to.equal('stopped');
  });

  it('that are removed while they stream are stopped and settled first, and their readers are told', async () => {
    const { client } = await somebody('remover');
    const chat = await client.createChat();
    const reader = await client.start(chat);
    await reader.until(({ text }) => text.length > 0);
    const tab = await client.resume(chat);
    expect((await remove(client, chat)).status).to.equal(200);
    const balance = (await client.get('accounting', '/api/credits/balance')).body;
    expect(balance.heldCredits).to.equal(0);
    const end = await reader.toEnd();
    expect(end?.data.finishReason).to.equal('stopped');
    expect(balance.availableCredits).to.be.closeTo(100 - end?.data.creditsCharged, 1e-9);
    expect(await tab.toEnd()).to.deep.equal(end);
    expect((await client.resume(chat)).response.status).to.equal(404);
  });

  it('stream at most 20 at a time for one user, which is said only to whom credit is left', async () => {
    const { client } = await somebody('streamer');
    const chats = await Promise.all(Array.from({ length: 24 }, () => client.createChat()));
    const readers = await Promise.all(chats.map((chat) => client.start(chat)));
    const statuses = readers.map(({ response }) => response.status).sort();
    expect(statuses).to.deep.equal([...Array(20).fill(200), ...Array(4).fill(429)]);
    const refused = readers.find(({ response }) => response.status === 429);
    expect(refused?.response.headers.get('retry-after')).to.match(/^[1-9]\d*$/);
    await admin.post('accounting', '/api/credits/set', { userId: 'streamer', credits: 0 });
    const fresh = await client.createChat();
    expect((await client.start(fresh)).response.status).to.equal(402);
    await Promise.all(
      chats.map((chat, at) => (readers[at]?.streamId ? client.stop(chat, readers[at].streamId) : undefined)),
    );
    await eventually(async () => {
      const { body } = await client.get('accounting', '/api/credits/balance');
      expect(body.heldCredits).to.equal(0);
    });
  });

  it('are at most 1,000 of one user, and one more once one is gone', async () => {
    const { client } = await somebody('collector');
    for (let made = 0; made < 1_000; made += 50)
      await Promise.all(Array.from({ length: 50 }, () => client.createChat()));
    const refused = await client.post('chat', SESSIONS);
    expect([refused.status, refused.body.code]).to.deep.equal([429, 'chat.limit_reached']);
    expect(refused.headers.get('retry-after')).to.match(/^[1-9]\d*$/);
    const { sessions } = (await client.get('chat', `${SESSIONS}?limit=1`)).body;
    await remove(client, sessions[0].sessionId);
    expect((await client.post('chat', SESSIONS)).status).to.equal(201);
  });
});
