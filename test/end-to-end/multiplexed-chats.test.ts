import { expect } from 'chai';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { MuxClient, type Received } from '../support/mux-client.ts';
import { RunningServer } from '../support/running-server.ts';

const PASSWORDS = { user1: 'User1@123', supervisor1: 'Supervisor1@', admin: 'admin@admin' } as const;

describe('chats over a multiplexed connection', function () {
  this.timeout(60_000);
  let server: RunningServer;
  let user: ApiClient;
  let officer: ApiClient;
  const clients: MuxClient[] = [];
  let refs = 0;

  before(async () => {
    server = await RunningServer.start(['--demo', '--model-pace', '200']);
    user = await ApiClient.login(server.urls, 'user1', PASSWORDS.user1);
    officer = await ApiClient.login(server.urls, 'supervisor1', PASSWORDS.supervisor1);
  });
  after(() => server.dispose());
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      client.socket.terminate();
      await client.closed;
    }
  });

  const connect = async (token = user.token ?? ''): Promise<MuxClient> => {
    const client = await MuxClient.connect(server.urls.chat, token);
    clients.push(client);
    return client;
  };
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted on field by field
  const act = async (client: MuxClient, handle: string, op: string, body = {}): Promise<any> => {
    refs += 1;
    const ref = `op${refs}`;
    client.send(handle, 'DATA', { ref, op, ...body });
    const isAnswer = ({ name, bytes }: Received): boolean =>
      name === 'DATA' && JSON.parse(bytes.toString()).ref === ref;
    return JSON.parse((await client.next(isAnswer)).bytes.toString());
  };
  const openChat = async (client: MuxClient, more = {}) => {
    const chatSessionId = await user.createChat();
    return { chatSessionId, ...(await client.open('chat', { params: { chatSessionId }, ...more })) };
  };
  const isEnd = ({ json }: Received): boolean => json?.event === 'done' || json?.event === 'error';
  const untilEnd = async (client: MuxClient, handle: string): Promise<Received[]> => {
    await client.next((frame) => frame.name === 'EVENT' && frame.handle === handle && isEnd(frame));
    return eventsOf(client, handle);
  };
  const eventsOf = (client: MuxClient, handle: string): Received[] =>
    client.received.filter((frame) => frame.name === 'EVENT' && frame.handle === handle);
  const textOf = (events: readonly Received[]): string =>
    events.map(({ json }) => (json.event === 'chunk' ? json.data.text : '')).join('');
  const offsetsOf = (events: readonly Received[]): number[] => events.map(({ offset }) => offset);
  const upTo = (last: number, first = 1): number[] =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);

  it('start a stream whose events come as they come by HTTP, with the offsets of its log', async () => {
    const client = await connect();
    const { handle, chatSessionId } = await openChat(client);
    const { status, body } = await act(client, handle, 'start', { message: 'What is it?' });
    expect([status, body.chatSessionId, body.replayed]).to.deep.equal([200, chatSessionId, false]);
    const events = await untilEnd(client, handle);
    expect(events[0]?.json).to.deep.include({ event: 'session' });
    expect(events[0]?.json.data.streamingSessionId).to.equal(body.streamingSessionId);
    expect(events.at(-1)?.json.event).to.equal('done');
    expect(offsetsOf(events)).to.deep.equal(upTo(events.length));
    const kept = await user.get('chat', `/api/chat/sessions/${chatSessionId}`);
    expect(kept.body.messages.at(-1).content).to.equal(textOf(events));
    const again = await act(client, handle, 'follow', { lastEventId: events.length });
    expect(again).to.include({ status: 204, body: null });
  });

  it('go on after a cut without loss or doubling, on another connection', async () => {
    const first = await connect();
    const { handle, chatSessionId, sessionId, resumeToken } = await openChat(first);
    await act(first, handle, 'start', { message: 'What is it?' });
    await first.next(({ offset }) => offset === 5);
    first.socket.terminate();
    await first.closed;
    const before = eventsOf(first, handle);
    const second = await connect();
    const resume = { sessionId, token: resumeToken, offset: before.at(-1)?.offset };
    const back = await second.open('chat', { resume });
    expect(back).to.include({ recovered: true, offset: resume.offset, epoch: 2 });
    const events = [...before, ...(await untilEnd(second, back.handle))];
    expect(offsetsOf(events)).to.deep.equal(upTo(events.length));
    const kept = await user.get('chat', `/api/chat/sessions/${chatSessionId}`);
    expect(kept.body.messages.at(-1).content).to.equal(textOf(events));
  });

  it('come back to what ended meanwhile, from the beginning and beyond what is kept', async () => {
    const first = await connect();
    const { handle, sessionId, resumeToken } = await openChat(first);
    await act(first, handle, 'start', { message: 'What is it?' });
    const whole = await untilEnd(first, handle);
    const second = await connect();
    const begun = await second.open('chat', { resume: { sessionId, token: resumeToken, offset: 0 } });
    expect(begun).to.include({ recovered: true, offset: 0 });
    expect(offsetsOf(await untilEnd(second, begun.handle))).to.deep.equal(offsetsOf(whole));
    const ended = await second.open('chat', {
      resume: { sessionId, token: begun.resumeToken, offset: whole.length },
    });
    expect(ended).to.include({ recovered: true, offset: whole.length });
    const lost = await second.open('chat', {
      resume: { sessionId, token: ended.resumeToken, offset: 1_000_000 },
    });
    expect(lost).to.include({ recovered: false, offset: 0 });
    expect(offsetsOf(await untilEnd(second, lost.handle))).to.deep.equal(offsetsOf(whole));
  });

  it('come back to a chat that has had less than they say, or nothing, and miss nothing of what comes', async () => {
    const first = await connect();
    const { sessionId, resumeToken } = await openChat(first);
    const second = await connect();
    const none = await second.open('chat', { resume: { sessionId, token: resumeToken, offset: 0 } });
    expect(none).to.include({ recovered: true, offset: 0 });
    const back = await second.open('chat', { resume: { sessionId, token: none.resumeToken, offset: 7 } });
    expect(back).to.include({ recovered: false, offset: 0 });
    await act(second, back.handle, 'start', { message: 'What is it?' });
    const events = await untilEnd(second, back.handle);
    expect(offsetsOf(events)).to.deep.equal(upTo(events.length));
  });

  it('stop a stream, and take the receipt of what was read', async () => {
    const client = await connect();
    const { handle } = await openChat(client);
    const { streamingSessionId } = (await act(client, handle, 'start', { message: 'Tell me all' })).body;
    await client.next(({ offset }) => offset === 3);
    const wrong = await act(client, handle, 'stop', { streamingSessionId: 'stream-of-nobody' });
    expect([wrong.status, wrong.body.code]).to.deep.equal([400, 'stream.id_mismatch']);
    const stopped = await act(client, handle, 'stop', { streamingSessionId });
    expect([stopped.status, stopped.body.state]).to.deep.equal([200, 'stopped']);
    const events = await untilEnd(client, handle);
    expect(events.at(-1)?.json.data.finishReason).to.equal('stopped');
    const receipt = { streamingSessionId, completeResponse: textOf(events) };
    expect((await act(client, handle, 'update', receipt)).body.receipt).to.equal('exact');
  });

  it('refuse by the rules of HTTP what is refused there, and what is no operation', async () => {
    const client = await connect();
    const { handle } = await openChat(client);
    expect((await act(client, handle, 'start', { message: '' })).body.code).to.equal('request.invalid');
    await act(client, handle, 'start', { message: 'Tell me all' });
    const twice = await act(client, handle, 'start', { message: 'And this' });
    expect([twice.status, twice.body.code]).to.deep.equal([409, 'stream.already_active']);
    client.send(handle, 'DATA', { ref: 'x', op: 'constructor' });
    expect((await client.on(handle, 'ERROR')).json.code).to.equal('op.invalid');
    client.send(handle, 'DATA', Buffer.from('no JSON'));
    expect((await client.on(handle, 'ERROR')).json.code).to.equal('frame.malformed');
    expect((await client.ask('chat', { params: {} })).json.code).to.equal('params.invalid');
    const own = await client.ask('chat', { params: { chatSessionId: await officer.createChat() } });
    const none = await client.ask('chat', { params: { chatSessionId: 'nothing' } });
    expect({ ...own.json, ref: '' }).to.deep.equal({ ...none.json, ref: '' });
    expect(own.json.code).to.equal('params.invalid');
  });

  it('end when their chat has been deleted, with what was asked of it first', async () => {
    const client = await connect();
    const { handle, chatSessionId, sessionId, resumeToken } = await openChat(client);
    const deleted = await user.send('chat', 'DELETE', `/api/chat/sessions/${chatSessionId}`, undefined);
    expect(deleted.status).to.equal(200);
    const refused = await act(client, handle, 'start', { message: 'Still there?' });
    expect([refused.status, refused.body.code]).to.deep.equal([404, 'chat.not_found']);
    expect((await client.on(handle, 'CLOSE')).json.code).to.equal(4503);
    await eventually(async () => {
      const resume = { sessionId, token: resumeToken, offset: 0 };
      expect((await client.ask('chat', { resume })).json.code).to.equal('session.owned_by_other');
    });
  });

  it('show a supervisor a running stream from its beginning, and end with it', async () => {
    const client = await connect();
    const { handle, chatSessionId } = await openChat(client);
    const refused = await client.ask('observe', { params: { chatSessionId } });
    expect(refused.json.code).to.equal('session.forbidden');
    const watching = await connect(officer.token);
    const early = await watching.ask('observe', { params: { chatSessionId } });
    expect(early.json.code).to.equal('params.invalid');
    await act(client, handle, 'start', { message: 'What is it?' });
    await client.next(({ offset }) => offset === 3);
    const mirror = await watching.open('observe', { params: { chatSessionId } });
    watching.send(mirror.handle, 'DATA', { ref: 'x', op: 'stop' });
    expect((await watching.on(mirror.handle, 'ERROR')).json.code).to.equal('op.invalid');
    expect((await watching.on(mirror.handle, 'CLOSE')).json.code).to.equal(4503);
    const own = await untilEnd(client, handle);
    expect(eventsOf(watching, mirror.handle).map(({ json }) => json)).to.deep.equal(
      own.map(({ json }) => json),
    );
  });

  it('open to keys by their scopes: mux for the connection, chat for the chats', async () => {
    const mint = async (...scopes: string[]): Promise<string> => {
      const draft = { name: scopes.join(' '), scopes, password: PASSWORDS.user1 };
      return (await user.post('auth', '/api/keys', draft)).body.key;
    };
    const chatSessionId = await user.createChat();
    const narrow = await connect(await mint('mux'));
    const refused = await narrow.ask('chat', { params: { chatSessionId } });
    expect(refused.json.code).to.equal('session.forbidden');
    const wide = await connect(await mint('mux', 'chat'));
    expect((await wide.open('chat', { params: { chatSessionId } })).expiresAt).to.equal(null);
    const apart = await mint('chat');
    expect(await connect(apart).catch((error: Error) => error.message)).to.contain('403');
  });
});
