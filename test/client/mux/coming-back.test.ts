import { expect } from 'chai';
import type { MuxMessage } from '../../../src/client/mux/mux-message.ts';
import type { MuxSession } from '../../../src/client/mux/mux-session.ts';
import { ScriptedMux } from '../../support/scripted-mux.ts';

const LONG_MS = 3_600_000;

/** The next message, without its function. */
async function next(session: MuxSession): Promise<Omit<MuxMessage, 'json'>> {
  const { value } = await session[Symbol.asyncIterator]().next();
  const { json: _, ...rest } = value as MuxMessage & { json?: unknown };
  return rest;
}
const offsets = async (session: MuxSession, count: number): Promise<number[]> => {
  const got: number[] = [];
  while (got.length < count) got.push(((await next(session)) as unknown as { offset: number }).offset);
  return got;
};

describe('a session that comes back', () => {
  it('says the last offset that came, and gives no EVENT twice', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session();
    for (const offset of [1, 2, 3]) socket.event(handle, offset);
    await world.reconnect();
    expect(world.socket.asked.at(-1)?.json.resume.offset).to.equal(3);
    const again = world.socket.opened({ epoch: 2, offset: 3 });
    for (const offset of [2, 3, 4, 4, 5]) world.socket.event(again, offset);
    expect(await offsets(session, 5)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(session.stats()).to.include({ repeated: 3, resumes: 1 });
  });

  it('shows the newest token that it was given, and the same one while it was given none', async () => {
    const world = new ScriptedMux();
    await world.session({}, { resumeToken: 't1' });
    const shown: string[] = [];
    for (const resumeToken of [undefined, undefined, 't2', 't3']) {
      await world.reconnect();
      shown.push(world.socket.asked.at(-1)?.json.resume.token);
      if (resumeToken !== undefined) world.socket.opened({ resumeToken });
    }
    expect(shown).to.deep.equal(['t1', 't1', 't1', 't2']);
  });

  it('is told of a gap, in its place', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session();
    socket.event(handle, 1);
    await world.reconnect();
    const again = world.socket.opened({ recovered: false, offset: 7 });
    world.socket.event(again, 8);
    expect(await offsets(session, 1)).to.deep.equal([1]);
    expect(await next(session)).to.deep.equal({ type: 'gap', after: 1, offset: 7 });
    expect(await offsets(session, 1)).to.deep.equal([8]);
  });

  it('sends what waited, and does not send again what was sent', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session();
    await session.send('before');
    await world.settle();
    socket.lose();
    const waiting = session.send({ now: 'later' });
    await world.advance(1_000);
    world.socket.accept();
    await world.settle();
    const again = world.socket.opened({ epoch: 2 });
    await waiting;
    await world.settle();
    expect(socket.on(handle, 'DATA').map(({ bytes }) => bytes.toString())).to.deep.equal(['before']);
    expect(world.socket.on(again, 'DATA').map(({ bytes }) => bytes.toString())).to.deep.equal([
      '{"now":"later"}',
    ]);
  });

  it('pauses longer each time in a row, up to half a minute, and begins anew after what lasted', async () => {
    const world = new ScriptedMux();
    const { socket } = await world.session();
    const pauses: number[] = [];
    socket.lose();
    for (let turn = 0; turn < 9; turn += 1) {
      const [before, from] = [world.sockets.length, world.nowMs()];
      while (world.sockets.length === before) await world.advance(50);
      pauses.push(world.nowMs() - from);
      if (turn < 8) world.socket.lose();
    }
    expect(pauses).to.deep.equal([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    world.socket.accept();
    await world.settle();
    world.socket.opened();
    await world.advance(10_000);
    const count = world.sockets.length;
    world.socket.lose();
    await world.advance(250);
    expect(world.sockets).to.have.length(count + 1);
  });

  it('does not come back to a server that is silent: it is asked for a word, and given up', async () => {
    const world = new ScriptedMux();
    const { socket } = await world.session();
    socket.answersPings = false;
    await world.advance(20_000);
    expect(socket.sent.at(-1)).to.include({ name: 'PING', handle: '0000000000000000' });
    socket.say(undefined, 'PONG');
    await world.advance(20_000);
    await world.advance(9_999);
    expect(socket.isClosed).to.equal(false);
    await world.advance(1);
    expect(socket.isClosed).to.equal(true);
    await world.advance(250);
    expect(world.sockets).to.have.length(2);
  });

  for (const code of ['session.owned_by_other', 'params.invalid', 'session.forbidden', 'kind.unknown']) {
    it(`is over when it is refused: ${code}`, async () => {
      const world = new ScriptedMux();
      const { session } = await world.session();
      await world.reconnect();
      world.socket.refused(code);
      expect((await session.ended).error).to.include({ code });
      await world.advance(LONG_MS);
      expect(world.sockets.flatMap(({ asked }) => asked)).to.have.length(2);
    });
  }

  for (const code of ['rate.limited', 'unavailable']) {
    it(`asks again after the time that was said: ${code}`, async () => {
      const world = new ScriptedMux();
      await world.session();
      await world.reconnect();
      world.socket.refused(code, { retryAfterMs: 2_000 });
      await world.advance(1_999);
      expect(world.socket.asked).to.have.length(1);
      await world.advance(1);
      expect(world.socket.asked).to.have.length(2);
    });
  }

  it('tells by which answer it was put off for longer than it may take', async () => {
    const world = new ScriptedMux();
    const opening = world
      .client({ openWithinMs: 5_000 })
      .open('echo')
      .catch((error: unknown) => error);
    await world.settle();
    world.socket.accept();
    await world.settle();
    world.socket.refused('rate.limited', { retryAfterMs: 60_000 });
    await world.advance(5_000);
    expect(await opening).to.include({ name: 'MuxError', code: 'rate.limited', retryAfterMs: 60_000 });
  });

  it('gives up when the server would have', async () => {
    const world = new ScriptedMux();
    const { session, socket } = await world.session({ giveUpAfterMs: 60_000 });
    socket.lose();
    for (let turn = 0; turn < 20; turn += 1) {
      await world.advance(15_000);
      world.socket.lose();
    }
    expect((await session.ended).error).to.include({ code: 'unreachable' });
  });

  it('can be taken back elsewhere by its snapshot, behind what its user was given', async () => {
    const world = new ScriptedMux();
    const { client, session, handle, socket } = await world.session();
    for (const offset of [1, 2]) socket.event(handle, offset);
    await next(session);
    const resume = session.snapshot();
    const leaving = client.leave();
    await world.settle();
    expect(socket.on(handle, 'CLOSE')[0]?.json.code).to.equal(1001);
    socket.say(handle, 'CLOSE', { code: 1001, reason: '' });
    await leaving;
    const elsewhere = new ScriptedMux();
    const second = await elsewhere.session({}, { offset: 1, epoch: 2 }, { resume });
    expect(elsewhere.socket.asked[0]?.json.resume).to.deep.equal({
      sessionId: resume?.sessionId,
      token: resume?.token,
      offset: 1,
    });
    elsewhere.socket.event(second.handle, 2);
    expect(await offsets(second.session, 1)).to.deep.equal([2]);
  });

  it('leaves no timer behind when its client is closed', async () => {
    const world = new ScriptedMux();
    const { client, session, handle, socket } = await world.session({}, { expiresAt: 900_000 });
    const closing = client.close();
    await world.settle();
    expect(socket.on(handle, 'CLOSE')[0]?.json.code).to.equal(1000);
    socket.say(handle, 'CLOSE', { code: 1000, reason: '' });
    await closing;
    expect((await session.ended).error).to.equal(undefined);
    // The server takes an answer to its answer for a frame of an unknown handle.
    expect(socket.on(handle, 'CLOSE')).to.have.length(1);
    expect(socket.isClosed).to.equal(true);
    expect(world.timers).to.equal(0);
  });

  it('is not opened for ever', async () => {
    const world = new ScriptedMux();
    const opening = world
      .client()
      .open('echo')
      .catch((error: unknown) => error);
    await world.advance(30_000);
    expect(await opening).to.include({ name: 'MuxError', code: 'unreachable' });
  });
});
