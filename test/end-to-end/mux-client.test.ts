import { expect } from 'chai';
import type { ChatChannel, ChatEvent } from '../../src/client/mux/chat-channel.ts';
import { MuxClient } from '../../src/client/mux/mux-client.ts';
import { systemPlatform } from '../../src/client/platform/system-platform.ts';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { RunningServer } from '../support/running-server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const FLAGS = ['--demo', '--websocket-multiplexing-echo', '--model-pace', '200'];
/** Cuts after which connections live longer. */
const MANY_CUTS = 20;
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Everything that a chat gives, to the end of its stream. */
async function readToEnd(chat: ChatChannel): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const event of chat) {
    events.push(event);
    if (event.event === 'done' || event.event === 'error') break;
  }
  return events;
}
/** A world whose pauses are all drawn to be none. */
const impatient = { ...systemPlatform(), fraction: () => 0 };
const textOf = (events: readonly ChatEvent[]): string =>
  events.map(({ event, data }) => (event === 'chunk' ? (data as { text: string }).text : '')).join('');

describe('the client of multiplexed sessions, against the server', function () {
  this.timeout(120_000);
  let server: RunningServer;
  let user: ApiClient;
  let proxy: TcpProxy;
  let url: string;
  const clients: MuxClient[] = [];

  before(async () => {
    server = await RunningServer.start(FLAGS);
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });
  after(() => server.dispose());
  beforeEach(async () => {
    proxy = new TcpProxy(server.urls.chat);
    url = await proxy.listen();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.leave();
    await proxy.close();
  });

  const connect = (options = {}): MuxClient => {
    const client = new MuxClient({ url, credential: () => user.token ?? '', ...options });
    clients.push(client);
    return client;
  };
  const kept = async (chatSessionId: string): Promise<string> => {
    const { body } = await user.get('chat', `/api/chat/sessions/${chatSessionId}`);
    return body.messages.at(-1).content;
  };

  it('reads a stream through cuts at any byte, each event once and none missing', async () => {
    const client = connect({ platform: impatient });
    const chatSessionId = await user.createChat();
    // Primes, so that cuts fall into handshakes, heads, payloads and whole frames.
    const lengths = [211, 401, 997, 1_499, 2_503, 3_001];
    // What has piled up comes in one frame, and a frame that no connection lives to bring would never come: they live
    // longer with time.
    const longer = (): number => Math.max(0, proxy.taken - MANY_CUTS) * 500;
    proxy.cutAfterBytes = () => (lengths[proxy.taken % lengths.length] ?? 997) + longer();
    const chat = await client.openChat(chatSessionId);
    const started = chat.start({ message: 'What is it?' });
    const events = await readToEnd(chat);
    expect((await started).status).to.equal(200);
    expect(proxy.cuts).to.be.greaterThan(10);
    expect(events.map(({ offset }) => offset)).to.deep.equal(upTo(events.length));
    expect(events.filter(({ event }) => event === 'session')).to.have.length(1);
    expect(textOf(events)).to.equal(await kept(chatSessionId));
  });

  it('brings a hundred sessions back over four connections, and mixes none of them up', async () => {
    const client = connect();
    const sessions = await Promise.all(upTo(100).map(() => client.open('echo')));
    expect(client.connections).to.equal(4);
    const names = new Set(sessions.map(({ sessionId }) => sessionId));
    proxy.cut();
    await eventually(async () => {
      expect(sessions.every(({ state, epoch }) => state === 'open' && epoch === 2)).to.equal(true);
    });
    expect(new Set(sessions.map(({ sessionId }) => sessionId))).to.deep.equal(names);
    expect(client.connections).to.equal(4);
    await Promise.all(
      sessions.map(async (session, index) => {
        await session.send(`payload of ${index}`);
        const { value } = await session[Symbol.asyncIterator]().next();
        expect(value?.type === 'data' && Buffer.from(value.bytes).toString()).to.equal(`payload of ${index}`);
      }),
    );
  });

  it('sends the start of a stream again whose answer was lost: one stream, one charge', async () => {
    const client = connect();
    const chatSessionId = await user.createChat();
    const chat = await client.openChat(chatSessionId);
    const started = chat.start({ message: 'What is it?' });
    proxy.cut();
    const events = await readToEnd(chat);
    expect((await started).status).to.equal(200);
    expect(events.filter(({ event }) => event === 'session')).to.have.length(1);
    const { body } = await user.get('chat', `/api/chat/sessions/${chatSessionId}`);
    expect(body.messages).to.have.length(2);
  });

  it('holds the server back while its user reads nothing, and loses nothing by that', async () => {
    const client = connect();
    const session = await client.open('echo', { window: 65_536 });
    const count = 40;
    const payload = (index: number): Uint8Array => new Uint8Array(8_192).fill(index);
    for (let index = 0; index < count; index += 1) await session.send(payload(index));
    await eventually(async () => expect(session.stats().incoming.bytes).to.be.at.least(65_536));
    expect(session.stats().incoming.bytes).to.be.at.most(65_536 + 8_192);
    const messages = session[Symbol.asyncIterator]();
    for (let index = 0; index < count; index += 1) {
      const { value } = await messages.next();
      // Told by its first byte: what differs in thousands of bytes takes minutes to be told whole.
      const isWhole = value?.type === 'data' && Buffer.compare(value.bytes, payload(index)) === 0;
      expect(isWhole, `payload ${index}`).to.equal(true);
    }
    expect(session.state).to.equal('open');
  });

  it('keeps within a session’s rate, so that nothing of what it sends is refused', async () => {
    const client = connect();
    const session = await client.open('echo');
    const messages = session[Symbol.asyncIterator]();
    for (let index = 0; index < 130; index += 1) void session.send(String(index));
    for (let index = 0; index < 130; index += 1) {
      const { value } = await messages.next();
      expect(value?.type === 'data' && Buffer.from(value.bytes).toString()).to.equal(String(index));
    }
    expect(session.stats()).to.include({ refused: 0, resumes: 0, sent: 130 });
  });

  it('ends a session for good when it is closed, and leaves it to be taken back when it is left', async () => {
    const client = connect();
    const [closed, left] = [await client.open('echo'), await client.open('echo')];
    const [gone, kept] = [closed.snapshot(), left.snapshot()];
    await closed.close();
    await left.leave();
    const other = connect();
    const back = await other.open('echo', kept === undefined ? {} : { resume: kept });
    expect(back).to.include({ sessionId: left.sessionId, epoch: 2 });
    const refused = await other
      .open('echo', gone === undefined ? {} : { resume: gone })
      .catch((error: unknown) => error);
    expect(refused).to.include({ name: 'MuxError', code: 'session.owned_by_other' });
  });

  it('does not fight for a session that its owner has taken elsewhere', async () => {
    const [here, there] = [connect(), connect()];
    const session = await here.open('echo');
    const resume = session.snapshot();
    const moved = await there.open('echo', resume === undefined ? {} : { resume });
    expect(await session.ended).to.include({ code: 4501 });
    await moved.send('still there');
    const { value } = await moved[Symbol.asyncIterator]().next();
    expect(value?.type).to.equal('data');
    expect(moved.epoch).to.equal(2);
  });

  it('stays away from what an operator has ended, the session alone and the connection with all on it', async () => {
    const admin = await ApiClient.login(server.urls, 'admin', 'admin@admin');
    const client = connect();
    const [first, second] = [await client.open('echo'), await client.open('echo')];
    const { body } = await admin.get('chat', '/api/ops/connections');
    const own = body.connections.find(({ sessions }: { sessions: Array<{ sessionId: string }> }) =>
      sessions.some(({ sessionId }) => sessionId === first.sessionId),
    );
    const kick = (path: string) =>
      admin.send('chat', 'DELETE', `/api/ops/connections/${own.id}${path}`, undefined);
    expect((await kick(`/sessions/${first.sessionId}`)).status).to.equal(200);
    expect(await first.ended).to.include({ code: 4502 });
    await second.send('undisturbed');
    expect((await second[Symbol.asyncIterator]().next()).value?.type).to.equal('data');
    expect((await kick('')).status).to.equal(200);
    expect(await second.ended).to.include({ code: 4502 });
    expect(client.sessions).to.deep.equal([]);
  });

  it('comes back with a new login after its own has been ended', async () => {
    let login = await ApiClient.login(server.urls, 'user1', 'User1@123');
    const reasons: string[] = [];
    const credential = async ({ reason }: { readonly reason: string }): Promise<string> => {
      reasons.push(reason);
      if (reason === 'ended') login = await ApiClient.login(server.urls, 'user1', 'User1@123');
      return login.token ?? '';
    };
    const client = connect({ credential });
    const session = await client.open('echo');
    await login.post('auth', '/api/auth/logout-all', {});
    await eventually(async () => expect([session.state, session.epoch]).to.deep.equal(['open', 2]));
    expect(reasons).to.include('ended');
    user = await ApiClient.login(server.urls, 'user1', 'User1@123');
  });

  it('goes on where it was when the server is killed and started again', async () => {
    const client = connect();
    const chatSessionId = await user.createChat();
    const chat = await client.openChat(chatSessionId);
    const echo = await client.open('echo');
    await chat.start({ message: 'What is it?' });
    const events: ChatEvent[] = [];
    for await (const event of chat) {
      events.push(event);
      if (event.offset === 10) server = await server.restartAfterKill(FLAGS);
      if (event.event === 'done' || event.event === 'error') break;
    }
    expect(events.map(({ offset }) => offset)).to.deep.equal(upTo(events.length));
    expect(events.at(-1)?.data).to.include({ code: 'stream.interrupted' });
    expect(textOf(events)).to.equal(await kept(chatSessionId));
    await echo.send('still mine');
    const { value } = await echo[Symbol.asyncIterator]().next();
    expect(value?.type === 'data' && Buffer.from(value.bytes).toString()).to.equal('still mine');
    expect(echo.stats().resumes).to.be.at.least(1);
  });
});
