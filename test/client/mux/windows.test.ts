import { expect } from 'chai';
import { frameFrom, grant, ScriptedMux, type ScriptedServerSocket } from '../../support/scripted-mux.ts';

const grantsOn = (socket: ScriptedServerSocket, handle: string): number[] =>
  socket.on(handle, 'CREDIT').map(({ bytes }) => bytes.readUInt32BE());

describe('the windows of a session', () => {
  it('grant nothing while the consumer takes nothing, and half a window at a time while he does', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session({}, {}, { window: 65_536 });
    expect(socket.asked[0]?.json.window).to.equal(65_536);
    for (let offset = 1; offset <= 4; offset += 1) socket.event(handle, offset, 'x'.repeat(16_384));
    await world.settle();
    expect(grantsOn(socket, handle)).to.deep.equal([]);
    expect(session.stats().incoming).to.deep.equal({ frames: 4, bytes: 65_536, window: 0 });
    const messages = session[Symbol.asyncIterator]();
    await messages.next();
    await world.settle();
    expect(grantsOn(socket, handle)).to.deep.equal([]);
    await messages.next();
    await world.settle();
    expect(grantsOn(socket, handle)).to.deep.equal([32_768]);
  });

  it('close the session, which comes back, when the server sends beyond them', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session({}, {}, { window: 65_536 });
    socket.event(handle, 1, 'x'.repeat(65_536));
    socket.event(handle, 2, '');
    await world.settle();
    expect(socket.on(handle, 'CLOSE').map(({ json }) => json.code)).to.deep.equal([4008]);
    expect(session.state).to.equal('coming-back');
    await world.advance(1_000);
    expect(socket.asked.at(-1)?.json.resume.offset).to.equal(1);
  });

  it('are smaller after a cut by what the consumer has not taken, and bounded through any number of cuts', async () => {
    const world = new ScriptedMux();
    const { session } = await world.session();
    let handle = '0000000000000001';
    for (let offset = 1; offset <= 40; offset += 1) {
      world.socket.event(handle, offset, 'x'.repeat(65_536));
      await world.reconnect();
      if (world.socket.asked.length === 0) break;
      handle = world.socket.opened({ offset });
    }
    // What it may have waiting at most: a window, what is carried over beyond it, and one payload.
    expect(session.stats().incoming.bytes).to.be.within(1_048_576, 262_144 + 1_048_576 + 65_536);
    const messages = session[Symbol.asyncIterator]();
    const carried = session.stats().incoming.frames;
    for (let taken = 0; taken < carried; taken += 1) await messages.next();
    await world.advance(1_000);
    world.socket.accept();
    await world.settle();
    expect(world.socket.asked).to.have.length(1);
    expect(world.socket.asked[0]?.json.window).to.be.greaterThan(65_536);
  });

  it('let a payload start above 0, and hold the next one back until the server grants', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session({}, { window: 65_536 });
    const sent: string[] = [];
    const first = session.send('x'.repeat(65_536)).then(() => sent.push('first'));
    void session.send('y').then(() => sent.push('second'));
    await first;
    await world.settle();
    expect(sent).to.deep.equal(['first']);
    expect(socket.on(handle, 'DATA')).to.have.length(1);
    socket.say(handle, 'CREDIT', grant(0));
    await world.settle();
    expect(sent).to.deep.equal(['first']);
    socket.say(handle, 'CREDIT', grant(1));
    await world.settle();
    expect(sent).to.deep.equal(['first', 'second']);
  });

  it('refuse at once what the server would: too long, or too much that waits', async () => {
    const world = new ScriptedMux();
    const { session, socket, handle } = await world.session();
    const failure = (payload: Uint8Array) => session.send(payload).catch((error: unknown) => error);
    expect(await failure(new Uint8Array(65_537))).to.include({ code: 'message.too_large' });
    await session.send(new Uint8Array(65_536));
    socket.lose();
    for (let waiting = 0; waiting < 64; waiting += 1) {
      void session.send(new Uint8Array(65_536)).catch(() => undefined);
    }
    expect(await failure(new Uint8Array(1))).to.include({ code: 'queue.full' });
    expect(socket.on(handle, 'CLOSE')).to.deep.equal([]);
  });

  it('keep within the session’s rate: what would be refused waits', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session();
    for (let sent = 0; sent < 200; sent += 1) void session.send('x');
    await world.settle();
    expect(socket.on(handle, 'DATA')).to.have.length(80);
    await world.advance(6_000);
    // 95 of the 100 that the server would let in in that time.
    expect(socket.on(handle, 'DATA').length).to.be.within(173, 175);
  });

  it('keep within the rate through cuts, because the server’s bucket stays the session’s', async () => {
    const world = new ScriptedMux();
    const { session, socket } = await world.session();
    for (let sent = 0; sent < 80; sent += 1) await session.send('x');
    socket.lose();
    for (let sent = 0; sent < 80; sent += 1) void session.send('x');
    await world.advance(260);
    world.socket.accept();
    await world.settle();
    const again = world.socket.opened();
    await world.settle();
    expect(world.socket.on(again, 'DATA').length).to.be.lessThan(6);
  });

  it('send as fast as asked when told so, and tell each reason for a refusal once', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session({}, {}, { paced: false });
    for (let sent = 0; sent < 200; sent += 1) void session.send('x');
    await world.settle();
    expect(socket.on(handle, 'DATA')).to.have.length(200);
    const refusal = { code: 'rate.limited', message: 'Too many', retryAfterMs: 60 };
    socket.sayTogether(...Array.from({ length: 5 }, () => frameFrom(handle, 'ERROR', refusal)));
    expect(session.stats().refused).to.equal(5);
    expect(session.stats().incoming.frames).to.equal(1);
    const { value } = await session[Symbol.asyncIterator]().next();
    expect(value).to.deep.equal({ type: 'refused', code: 'rate.limited', message: 'Too many' });
  });

  it('wait for a socket that has too much to write', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session();
    socket.bufferedAmount = 1_048_577;
    void session.send('x');
    await world.advance(1_000);
    expect(socket.on(handle, 'DATA')).to.have.length(0);
    socket.bufferedAmount = 0;
    await world.advance(10);
    expect(socket.on(handle, 'DATA')).to.have.length(1);
  });
});
