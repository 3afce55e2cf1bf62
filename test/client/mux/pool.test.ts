import { expect } from 'chai';
import type { MuxClient } from '../../../src/client/mux/mux-client.ts';
import { ScriptedMux } from '../../support/scripted-mux.ts';

/** Opens sessions one after another, each answered. @returns how many each connection has been asked for. */
async function openMany(world: ScriptedMux, client: MuxClient, count: number): Promise<number[]> {
  for (let opened = 0; opened < count; opened += 1) {
    const opening = client.open('echo');
    await world.settle();
    for (const socket of world.sockets) if (socket.protocol === '') socket.accept();
    await world.settle();
    const asked = world.sockets.find((socket) => socket.asked.length > answered(socket));
    if (asked === undefined) throw new Error('nobody was asked');
    asked.opened();
    counts.set(asked, answered(asked) + 1);
    await opening;
  }
  return world.sockets.map(({ asked }) => asked.length);
}
const counts = new Map<object, number>();
const answered = (socket: object): number => counts.get(socket) ?? 0;

describe('the pool of connections', function () {
  this.timeout(20_000);

  it('opens none before there is a session, and one for the first ones', async () => {
    const world = new ScriptedMux();
    const client = world.client();
    expect([world.sockets.length, client.connections]).to.deep.equal([0, 0]);
    expect(await openMany(world, client, 25)).to.deep.equal([25]);
  });

  it('opens four at most, each session on the one with the fewest', async () => {
    const world = new ScriptedMux();
    const client = world.client();
    expect(await openMany(world, client, 100)).to.deep.equal([25, 25, 25, 25]);
    expect(await openMany(world, client, 8)).to.deep.equal([27, 27, 27, 27]);
  });

  it('fills up a connection that has become the emptiest', async () => {
    const world = new ScriptedMux();
    const client = world.client({ maxConnections: 2 });
    await openMany(world, client, 50);
    const [first] = world.sockets;
    for (const handle of [1, 2, 3].map((number) => number.toString(16).padStart(16, '0'))) {
      first?.say(handle, 'CLOSE', { code: 1000, reason: '' });
    }
    await world.settle();
    expect(await openMany(world, client, 3)).to.deep.equal([28, 25]);
  });

  it('shares one connection among sessions that are opened at once', async () => {
    const world = new ScriptedMux();
    const client = world.client();
    for (let opened = 0; opened < 40; opened += 1) void client.open('echo').catch(() => undefined);
    await world.settle();
    for (const socket of world.sockets) socket.accept();
    await world.settle();
    expect(world.sockets.map(({ asked }) => asked.length)).to.deep.equal([25, 15]);
  });

  it('leaves a session that is opened only when nobody waits for it any more', async () => {
    const world = new ScriptedMux();
    const opening = world.client({ openWithinMs: 300_000 }).open('echo');
    await world.settle();
    world.socket.accept();
    await world.settle();
    await world.advance(30_000);
    const [late, again] = world.socket.asked;
    const lateHandle = world.socket.opened({}, late);
    const handle = world.socket.opened({}, again);
    expect((await opening).snapshot()?.sessionId).to.equal(`session-${handle}`);
    await world.settle();
    expect(world.socket.on(lateHandle, 'CLOSE').map(({ json }) => json)).to.deep.equal([{ code: 1001 }]);
  });

  it('tries another connection when the server says that one is full, and says so when all are', async () => {
    const world = new ScriptedMux();
    const client = world.client({ maxConnections: 2 });
    const opening = client.open('echo').catch((error: unknown) => error);
    for (let connection = 0; connection < 2; connection += 1) {
      await world.settle();
      world.socket.accept();
      await world.settle();
      world.socket.refused('limit.sessions');
    }
    expect(await opening).to.include({ code: 'limit.sessions' });
    expect(world.sockets.map(({ asked }) => asked.length)).to.deep.equal([1, 1]);
  });

  it('passes over a connection that the server has closed as soon as it was open', async () => {
    const world = new ScriptedMux();
    void world
      .client()
      .open('echo')
      .catch(() => undefined);
    await world.settle();
    const [first] = world.sockets;
    first?.accept();
    first?.lose(4000);
    await world.advance(250);
    expect(world.sockets).to.have.length(2);
    expect(first?.asked).to.deep.equal([]);
  });

  it('closes a connection that nobody has used for a while', async () => {
    const world = new ScriptedMux();
    const { client, handle, socket } = await world.session();
    socket.say(handle, 'CLOSE', { code: 1000, reason: '' });
    await world.advance(9_999);
    expect(socket.isClosed).to.equal(false);
    await world.advance(1);
    expect([socket.isClosed, client.connections]).to.deep.equal([true, 0]);
    expect(world.timers).to.equal(0);
  });

  it('closes one on which the server has opened nothing', async () => {
    const world = new ScriptedMux();
    const client = world.client();
    const opening = client.open('nothing').catch((error: unknown) => error);
    await world.settle();
    world.socket.accept();
    await world.settle();
    world.socket.refused('kind.unknown');
    expect(await opening).to.include({ code: 'kind.unknown' });
    await world.advance(10_000);
    expect([world.socket.isClosed, client.connections, world.timers]).to.deep.equal([true, 0, 0]);
  });

  it('closes one that nobody waits for any more when it is open', async () => {
    const world = new ScriptedMux();
    const client = world.client();
    const opening = client.open('echo').catch((error: unknown) => error);
    await world.settle();
    void client.sessions[0]?.close();
    await world.advance(5_000);
    world.socket.accept();
    await world.settle();
    expect(await opening).to.include({ code: 'gone' });
    await world.advance(10_000);
    expect([world.socket.isClosed, client.connections, world.timers]).to.deep.equal([true, 0, 0]);
  });

  it('opens the next one at once after it has closed one that was not used', async () => {
    const world = new ScriptedMux();
    const { client, handle, socket } = await world.session();
    socket.say(handle, 'CLOSE', { code: 1000, reason: '' });
    await world.advance(10_000);
    expect(socket.isClosed).to.equal(true);
    void client.open('echo').catch(() => undefined);
    await world.settle();
    expect(world.sockets).to.have.length(2);
  });

  it('says at once that all are full when the server has just said so, and asks again after a while', async () => {
    const world = new ScriptedMux();
    const { client, socket } = await world.session({ maxConnections: 1 });
    for (const [asked, waitMs] of [
      [2, 0],
      [2, 1_000],
      [3, 5_000],
    ] as const) {
      await world.advance(waitMs);
      const opening = client.open('echo').catch((error: unknown) => error);
      await world.settle();
      expect(socket.asked).to.have.length(asked);
      socket.refused('limit.sessions');
      expect(await opening).to.include({ code: 'limit.sessions' });
    }
  });

  it('sends frames of one turn in one message, where the server has BATCH', async () => {
    const world = new ScriptedMux();
    const { session, handle, socket } = await world.session();
    const before = socket.messages;
    await Promise.all(['a', 'b', 'c'].map((text) => session.send(text)));
    await world.settle();
    expect(socket.on(handle, 'DATA')).to.have.length(3);
    expect(socket.messages - before).to.equal(1);
  });

  it('sends each frame in a message of its own, where the server has not', async () => {
    const world = new ScriptedMux();
    const client = world.client({ batch: false });
    const opening = client.open('echo');
    await world.settle();
    expect(world.socket.protocols).to.deep.equal(['holdfast.mux.v1']);
    world.socket.accept();
    await world.settle();
    world.socket.opened();
    const session = await opening;
    await Promise.all(['a', 'b', 'c'].map((text) => session.send(text)));
    await world.settle();
    expect(world.socket.messages).to.equal(4);
  });

  for (const [what, bytes] of [
    ['no frame', Buffer.alloc(3)],
    ['an unknown type', Buffer.from('0000000000000001ff', 'hex')],
    ['what only clients send', Buffer.from('00000000000000000a7b7d', 'hex')],
    ['a BATCH that does not come out even', Buffer.from('00000000000000000d000000ff00', 'hex')],
    ['an EVENT without an offset', Buffer.from('00000000000000010400', 'hex')],
  ] as const) {
    it(`leaves a server that sends ${what}`, async () => {
      const world = new ScriptedMux();
      const { session, socket } = await world.session();
      socket.deliver(bytes);
      expect(socket.isClosed).to.equal(true);
      expect((await session.ended).code).to.equal(1002);
    });
  }
});
