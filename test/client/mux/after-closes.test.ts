import { expect } from 'chai';
import { CLOSE_CODES, type AfterClose as ServerRule } from '../../../src/adapters/inbound/ws/mux/codes.ts';
import { AFTER_CLOSE, type AfterClose } from '../../../src/client/mux/close-rules.ts';
import { ScriptedMux } from '../../support/scripted-mux.ts';

/** What the client makes of each rule that the protocol has. */
const RULES: Readonly<Record<ServerRule, AfterClose>> = {
  'as it likes': 'stay',
  'comes back': 'come-back',
  'comes back after `reconnectAfterMs`': 'come-back-after-reconnect',
  'comes back when it needs to': 'come-back-when-needed',
  'comes back after `retryAfterMs`': 'come-back-after-retry',
  'renews, then resumes': 'renew',
  'new credential first': 'new-credential',
  never: 'stay',
  'never by itself': 'stay',
};
/** Far longer than any pause of the client, in milliseconds. */
const LONG_MS = 3_600_000;

const closes = Object.entries(CLOSE_CODES).map(([code, { client }]) => ({
  code: Number(code),
  rule: client,
}));
const codesOf = (...rules: readonly ServerRule[]): number[] =>
  closes.filter(({ rule }) => rules.includes(rule)).map(({ code }) => code);

describe('what the client does after a close', () => {
  it('is what the protocol says, for every code of the list and no other', () => {
    const expected = closes.map(({ code, rule }) => [String(code), RULES[rule]]);
    expect(AFTER_CLOSE).to.deep.equal(Object.fromEntries(expected));
  });

  for (const code of codesOf('as it likes', 'never', 'never by itself')) {
    it(`is nothing, ever, after a session's ${code}: its user is told`, async () => {
      const world = new ScriptedMux();
      const { session, handle, socket } = await world.session();
      socket.say(handle, 'CLOSE', { code, reason: 'a reason' });
      await world.settle();
      const end = await session.ended;
      expect(end).to.include({ code, reason: 'a reason' });
      const next = await session[Symbol.asyncIterator]()
        .next()
        .catch((error: unknown) => error);
      if (code === 1000 || code === 4503) expect(next).to.deep.equal({ done: true, value: undefined });
      else expect(next).to.include({ name: 'MuxError', code: 'closed', closeCode: code });
      const refused = await session.send('x').catch((error: unknown) => error);
      expect(refused).to.include({ closeCode: code });
      await world.advance(LONG_MS);
      expect(world.sockets.flatMap(({ asked }) => asked)).to.have.length(1);
      expect(socket.on(handle, 'CLOSE').map(({ json }) => json.code)).to.deep.equal([code]);
    });
  }

  for (const code of codesOf('never', 'never by itself')) {
    it(`is nothing, ever, after a socket's ${code}: every session on it is over`, async () => {
      const world = new ScriptedMux();
      const { session, socket } = await world.session();
      socket.lose(code);
      expect(await session.ended).to.include({ code });
      await world.advance(LONG_MS);
      expect(world.sockets).to.have.length(1);
    });
  }

  for (const code of [...codesOf('comes back'), 1005, 1006, 1000]) {
    it(`is to come back from a socket's ${code}, after a pause`, async () => {
      const world = new ScriptedMux();
      const { session, socket } = await world.session();
      socket.lose(code);
      await world.advance(249);
      expect(session.state).to.equal('coming-back');
      expect(world.sockets).to.have.length(1);
      await world.advance(1);
      world.socket.accept();
      await world.settle();
      expect(world.socket.asked.at(-1)?.json.resume.sessionId).to.equal(session.sessionId);
      world.socket.opened({ epoch: 2 });
      expect([session.state, session.epoch]).to.deep.equal(['open', 2]);
    });
  }

  for (const code of codesOf('comes back')) {
    it(`is to take the session back on its connection after its ${code}, after a pause`, async () => {
      const world = new ScriptedMux();
      const { handle, socket } = await world.session();
      socket.say(handle, 'CLOSE', { code, reason: '' });
      await world.advance(249);
      expect(socket.asked).to.have.length(1);
      await world.advance(1);
      expect(socket.asked).to.have.length(2);
      expect(world.sockets).to.have.length(1);
    });
  }

  it('is to come back from a drain when GOAWAY said so, and to open nothing there meanwhile', async () => {
    const world = new ScriptedMux();
    const { client, socket } = await world.session();
    socket.say(undefined, 'GOAWAY', { reconnectAfterMs: 1_500, reason: 'The server stops' });
    void client.open('echo').catch(() => undefined);
    await world.advance(100);
    socket.lose(4000);
    await world.advance(1_399);
    expect([world.sockets.length, socket.asked.length]).to.deep.equal([1, 1]);
    await world.advance(1);
    world.socket.accept();
    await world.settle();
    expect(world.sockets).to.have.length(2);
    expect(world.socket.asked).to.have.length(2);
  });

  it('is to come back from idleness only when something is sent', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session();
    socket.say(handle, 'CLOSE', { code: 4005, reason: 'Idle' });
    await world.advance(LONG_MS);
    expect(session.state).to.equal('asleep');
    expect(world.sockets.flatMap(({ asked }) => asked)).to.have.length(1);
    const sending = session.send('now');
    await world.settle();
    world.socket.accept();
    await world.settle();
    const again = world.socket.opened({ epoch: 2 });
    await sending;
    await world.settle();
    expect(world.socket.on(again, 'DATA').map(({ bytes }) => bytes.toString())).to.deep.equal(['now']);
  });

  it('is to come back from a rate when the server said so', async () => {
    const world = new ScriptedMux();
    const { handle, socket } = await world.session();
    socket.say(handle, 'ERROR', { code: 'rate.limited', message: 'Too many', retryAfterMs: 700 });
    socket.say(handle, 'CLOSE', { code: 4029, reason: 'Too many' });
    await world.advance(699);
    expect(socket.asked).to.have.length(1);
    await world.advance(1);
    expect(socket.asked).to.have.length(2);
  });

  it('is to begin anew when a frame of the connection was refused, after the time that was said', async () => {
    const world = new ScriptedMux();
    const { socket } = await world.session();
    socket.say(undefined, 'ERROR', { code: 'rate.limited', message: 'Too many', retryAfterMs: 3_000 });
    expect(socket.isClosed).to.equal(true);
    await world.advance(2_999);
    expect(world.sockets).to.have.length(1);
    await world.advance(1);
    expect(world.sockets).to.have.length(2);
  });
});
