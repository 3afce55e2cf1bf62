import { expect } from 'chai';
import type { CredentialRequest } from '../../../src/client/mux/credentials.ts';
import { ScriptedMux } from '../../support/scripted-mux.ts';

/** An hour, in milliseconds. */
const HOUR_MS = 3_600_000;

/** A provider that gives `c1`, `c2`, … and tells why it was asked. */
function provider() {
  const asked: CredentialRequest[] = [];
  return {
    asked,
    credential: async (request: CredentialRequest) => {
      asked.push(request);
      return `c${asked.length}`;
    },
  };
}

describe('the client’s authority', () => {
  it('goes into a header where there are headers', async () => {
    const world = new ScriptedMux();
    const { socket } = await world.session();
    expect(socket.url).to.equal('wss://chat.example.org/ws/mux');
    expect(socket.headers).to.deep.equal({ authorization: 'Bearer first' });
  });

  it('buys a ticket for each connection where there are none, and is in no address itself', async () => {
    const world = new ScriptedMux();
    world.takesHeaders = false;
    const { socket } = await world.session();
    expect(world.posts).to.deep.equal([
      { url: 'https://chat.example.org/api/ws/tickets', headers: { authorization: 'Bearer first' } },
    ]);
    expect(socket.url).to.equal('wss://chat.example.org/ws/mux?ticket=a-ticket');
    expect(socket.headers).to.deep.equal({});
    socket.lose();
    await world.advance(300);
    expect(world.posts).to.have.length(2);
  });

  it('waits as long as the door for tickets says', async () => {
    const world = new ScriptedMux();
    world.takesHeaders = false;
    world.postAnswer = { status: 429, body: {}, retryAfterMs: 4_000 };
    void world
      .client()
      .open('echo')
      .catch(() => undefined);
    await world.advance(3_999);
    expect(world.posts).to.have.length(1);
    await world.advance(1);
    expect(world.posts).to.have.length(2);
  });

  it('is the browser’s cookie when nothing is given', async () => {
    const world = new ScriptedMux();
    world.takesHeaders = false;
    const client = world.client();
    void client;
    const { platform: _, ...bare } = { url: 'https://chat.example.org', platform: world };
    const { MuxClient } = await import('../../../src/client/mux/mux-client.ts');
    void new MuxClient({ ...bare, platform: world }).open('echo').catch(() => undefined);
    await world.settle();
    expect(world.posts).to.deep.equal([]);
    expect([world.socket.url, world.socket.headers]).to.deep.equal(['wss://chat.example.org/ws/mux', {}]);
  });

  it('is renewed before it expires, on the connection and on every session, by one answer of its provider', async () => {
    const world = new ScriptedMux();
    const { asked, credential } = provider();
    const expiresAt = 900_000;
    const { client, handle, socket } = await world.session({ credential }, { expiresAt });
    const opening = client.open('echo');
    await world.settle();
    const second = socket.opened({ expiresAt });
    await opening;
    await world.advance(839_999);
    expect(asked).to.have.length(1);
    await world.advance(1);
    expect(asked.slice(1)).to.deep.equal([{ reason: 'expired', previous: 'c1' }]);
    const shown = socket.sent.filter(({ name }) => name === 'AUTH');
    expect(shown.map(({ handle: at, json }) => [at, json.credential])).to.have.deep.members([
      ['0000000000000000', 'c2'],
      [handle, 'c2'],
      [second, 'c2'],
    ]);
    for (const at of [undefined, handle, second]) {
      socket.say(at, 'AUTHED', { permissions: [], expiresAt: expiresAt + 900_000 });
    }
    await world.advance(899_999);
    expect(asked).to.have.length(2);
    await world.advance(1);
    expect(asked).to.have.length(3);
  });

  it('is asked for again when the server does not take what was shown', async () => {
    const world = new ScriptedMux();
    const { asked, credential } = provider();
    const { handle, socket } = await world.session({ credential }, { expiresAt: 900_000 });
    await world.advance(840_000);
    socket.say(handle, 'ERROR', { code: 'auth.invalid', message: 'not good' });
    await world.advance(5_000);
    expect(asked.map(({ reason }) => reason)).to.deep.equal(['connect', 'expired', 'expired']);
    expect(socket.on(handle, 'AUTH').map(({ json }) => json.credential)).to.deep.equal(['c2', 'c3']);
  });

  it('is renewed after 4010, and then the session is taken back by it', async () => {
    const world = new ScriptedMux();
    const { asked, credential } = provider();
    const { handle, socket } = await world.session({ credential });
    socket.say(handle, 'CLOSE', { code: 4010, reason: 'expired' });
    await world.settle();
    expect(asked.at(-1)).to.deep.equal({ reason: 'expired', previous: 'c1' });
    expect(socket.asked.at(-1)?.json).to.deep.include({ credential: 'c2' });
    expect(socket.asked.at(-1)?.json.resume).to.be.an('object');
  });

  it('is another one after 4401, before anything else', async () => {
    const world = new ScriptedMux();
    const { asked, credential } = provider();
    const { socket } = await world.session({ credential });
    socket.lose(4401);
    await world.advance(1_000);
    expect(asked.at(-1)).to.deep.equal({ reason: 'ended', previous: 'c1' });
    expect(world.socket.headers).to.deep.equal({ authorization: 'Bearer c2' });
  });

  for (const what of ['socket', 'session'] as const) {
    it(`has come to its end when the provider has none but the one that was ended: 4401 of the ${what}`, async () => {
      const world = new ScriptedMux();
      const { session, handle, socket } = await world.session({ credential: 'the only one' });
      if (what === 'socket') socket.lose(4401);
      else socket.say(handle, 'CLOSE', { code: 4401, reason: 'ended' });
      await world.advance(HOUR_MS);
      expect((await session.ended).error).to.include({ code: 'credential.refused' });
      expect(world.sockets.flatMap(({ asked }) => asked)).to.have.length(1);
    });
  }

  it('has come to its end with a cookie’s login', async () => {
    const world = new ScriptedMux();
    world.takesHeaders = false;
    const { MuxClient } = await import('../../../src/client/mux/mux-client.ts');
    const opening = new MuxClient({ url: 'https://chat.example.org', platform: world }).open('echo');
    await world.settle();
    world.socket.accept();
    await world.settle();
    world.socket.opened();
    const session = await opening;
    world.socket.lose(4401);
    await world.advance(HOUR_MS);
    expect((await session.ended).code).to.equal(4401);
    expect(world.sockets).to.have.length(1);
  });

  it('may be a session’s own, which its OPENs show', async () => {
    const world = new ScriptedMux();
    const { asked, credential } = provider();
    const { handle, socket } = await world.session({}, {}, { credential });
    expect(socket.asked[0]?.json.credential).to.equal('c1');
    expect(socket.headers).to.deep.equal({ authorization: 'Bearer first' });
    socket.say(handle, 'CLOSE', { code: 4401, reason: 'ended' });
    await world.settle();
    expect(asked.at(-1)).to.deep.equal({ reason: 'ended', previous: 'c1' });
    expect(socket.asked.at(-1)?.json.credential).to.equal('c2');
  });

  it('is shown anew, and not for ever, when an OPEN is refused because of it', async () => {
    const world = new ScriptedMux();
    const { asked, credential } = provider();
    const opening = world
      .client({ credential })
      .open('echo')
      .catch((error: unknown) => error);
    await world.settle();
    world.socket.accept();
    for (let turn = 0; turn < 4; turn += 1) {
      await world.settle();
      world.socket.refused('auth.expired');
    }
    expect(await opening).to.include({ name: 'MuxError', code: 'auth.expired' });
    expect(asked.map(({ reason }) => reason)).to.deep.equal(['connect', 'expired', 'expired', 'expired']);
    expect(world.socket.asked.map(({ json }) => json.credential)).to.deep.equal([
      undefined,
      'c2',
      'c3',
      'c4',
    ]);
  });

  it('is asked for with another reason when the connection did not open, which may be why', async () => {
    const world = new ScriptedMux();
    const { asked, credential } = provider();
    void world
      .client({ credential })
      .open('echo')
      .catch(() => undefined);
    await world.settle();
    world.socket.lose();
    await world.advance(250);
    expect(asked.at(-1)).to.deep.equal({ reason: 'refused', previous: 'c1' });
  });
});
