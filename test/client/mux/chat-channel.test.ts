import { expect } from 'chai';
import { ScriptedMux, type ScriptedServerSocket } from '../../support/scripted-mux.ts';

const callsOn = (socket: ScriptedServerSocket, handle: string) =>
  socket.on(handle, 'DATA').map(({ json }) => json);

async function openChat(world: ScriptedMux) {
  const opening = world.client().openChat('c_1');
  await world.settle();
  world.socket.accept();
  await world.settle();
  const handle = world.socket.opened({ kind: 'chat' });
  return { chat: await opening, handle, socket: world.socket };
}
async function cut(world: ScriptedMux): Promise<string> {
  world.socket.lose();
  await world.advance(1_000);
  world.socket.accept();
  await world.settle();
  const handle = world.socket.opened({ kind: 'chat', epoch: 2 });
  await world.settle();
  return handle;
}

describe('a chat over a session', () => {
  it('asks by call and is answered by reference', async () => {
    const world = new ScriptedMux();
    const { chat, handle, socket } = await openChat(world);
    expect(socket.asked[0]?.json).to.deep.include({ kind: 'chat', params: { chatSessionId: 'c_1' } });
    const [started, stopped] = [chat.start({ message: 'Why?' }), chat.stop('stream-1')];
    await world.settle();
    const [first, second] = callsOn(socket, handle);
    expect(first).to.include({ op: 'start', message: 'Why?', idempotencyKey: 'uuid-1' });
    expect(second).to.include({ op: 'stop', streamingSessionId: 'stream-1' });
    socket.say(handle, 'DATA', { ref: second.ref, status: 400, body: { code: 'stream.id_mismatch' } });
    socket.say(handle, 'DATA', { ref: first.ref, status: 200, body: { streamingSessionId: 's' } });
    expect(await started).to.deep.equal({ status: 200, body: { streamingSessionId: 's' } });
    expect((await stopped).status).to.equal(400);
  });

  it('sends a call again whose answer was lost in a cut: the same start, by its key', async () => {
    const world = new ScriptedMux();
    const { chat, handle, socket } = await openChat(world);
    const started = chat.start({ message: 'Why?' });
    await world.settle();
    const again = await cut(world);
    expect(callsOn(world.socket, again)).to.deep.equal(callsOn(socket, handle));
    const [{ ref }] = callsOn(world.socket, again) as [{ ref: string }];
    world.socket.say(again, 'DATA', { ref, status: 200, body: { replayed: true } });
    expect((await started).body).to.deep.equal({ replayed: true });
    const third = await cut(world);
    expect(callsOn(world.socket, third)).to.deep.equal([]);
  });

  it('sends a call once that no connection had before the cut', async () => {
    const world = new ScriptedMux();
    const { chat, socket } = await openChat(world);
    socket.lose();
    void chat.follow(4).catch(() => undefined);
    await world.advance(1_000);
    world.socket.accept();
    await world.settle();
    const handle = world.socket.opened({ kind: 'chat' });
    await world.settle();
    expect(callsOn(world.socket, handle).map(({ op, lastEventId }) => [op, lastEventId])).to.deep.equal([
      ['follow', 4],
    ]);
  });

  it('sends a call again that was over the rate, when it may', async () => {
    const world = new ScriptedMux();
    const { chat, handle, socket } = await openChat(world);
    void chat.stop('s').catch(() => undefined);
    await world.settle();
    socket.say(handle, 'ERROR', { code: 'rate.limited', message: 'Too many', retryAfterMs: 500 });
    await world.advance(499);
    expect(callsOn(socket, handle)).to.have.length(1);
    await world.advance(1_000);
    expect(callsOn(socket, handle)).to.have.length(2);
  });

  it('rejects the call that was refused, and what has no answer when the session is over', async () => {
    const world = new ScriptedMux();
    const { chat, handle, socket } = await openChat(world);
    const [first, second] = [chat.stop('s'), chat.stop('t')].map((call) =>
      call.catch((error: unknown) => error),
    );
    await world.settle();
    socket.say(handle, 'ERROR', { code: 'session.forbidden', message: 'You may not do this' });
    expect(await first).to.include({ code: 'session.forbidden' });
    socket.say(handle, 'CLOSE', { code: 4503, reason: 'gone' });
    expect(await second).to.include({ name: 'MuxError' });
  });

  it('gives the events of its streams, and tells of a gap among them', async () => {
    const world = new ScriptedMux();
    const { chat, handle, socket } = await openChat(world);
    socket.event(handle, 7, '{"event":"chunk","data":{"text":"Hold"}}');
    const events = chat[Symbol.asyncIterator]();
    expect((await events.next()).value).to.deep.equal({ offset: 7, event: 'chunk', data: { text: 'Hold' } });
    world.socket.lose();
    await world.advance(1_000);
    world.socket.accept();
    await world.settle();
    world.socket.opened({ recovered: false, offset: 20 });
    expect((await events.next()).value).to.deep.equal({ offset: 20, event: 'gap', data: { after: 7 } });
  });
});
