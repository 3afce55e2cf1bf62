import { expect } from 'chai';
import type { Kind } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { creditPayload } from '../../../../src/adapters/inbound/ws/mux/write-frame.ts';
import { anna, MuxWorld } from '../../../support/mux-world.ts';

const NO_RATE = { tokens: 1_000_000, perMs: 1_000, burst: 1_000_000 };
const codes = (frames: ReadonlyArray<{ readonly json: { readonly code: unknown } }>): unknown[] =>
  frames.map(({ json }) => json.code);

describe('the limits of a multiplexed session', () => {
  it('let a burst through and refuse the next frame, with the time after which it passes', async () => {
    const world = new MuxWorld({ sessionRate: { tokens: 10, perMs: 1_000, burst: 5 } });
    const client = world.connect();
    const { at, handle } = await world.open(client);
    for (let count = 0; count < 6; count += 1) client.send(at, 'DATA', Buffer.from('x'));
    await world.settle();
    expect(client.on(handle, 'DATA').length).to.equal(5);
    expect(client.on(handle, 'ERROR')[0]?.json).to.include({ code: 'rate.limited', retryAfterMs: 100 });
    world.timers.clock.advance(100);
    client.send(at, 'DATA', Buffer.from('x'));
    await world.settle();
    expect(client.on(handle, 'DATA').length).to.equal(6);
  });

  it('close after ten refusals in a row, not after nine and a frame that passes', async () => {
    const world = new MuxWorld({ sessionRate: { tokens: 1, perMs: 1_000, burst: 1 } });
    const client = world.connect();
    const { at, handle } = await world.open(client);
    const flood = (frames: number): void => {
      for (let count = 0; count < frames; count += 1) client.send(at, 'PING');
    };
    flood(10);
    await world.settle();
    world.timers.clock.advance(1_000);
    flood(10);
    await world.settle();
    expect(client.on(handle, 'CLOSE')).to.deep.equal([]);
    flood(1);
    await world.settle();
    expect(codes(client.on(handle, 'CLOSE'))).to.deep.equal([4029]);
  });

  it('keep a bucket with its session, so that taking it back gains nothing', async () => {
    const world = new MuxWorld({ sessionRate: { tokens: 1, perMs: 60_000, burst: 2 } });
    const first = world.connect();
    const { at, sessionId, resumeToken } = await world.open(first);
    first.send(at, 'PING');
    first.send(at, 'PING');
    first.lose();
    await world.settle();
    const second = world.connect();
    const resume = { sessionId, token: resumeToken, offset: 0 };
    const back = await world.open(second, { resume });
    second.send(back.at, 'PING');
    await world.settle();
    expect(codes(second.on(back.handle, 'ERROR'))).to.deep.equal(['rate.limited']);
  });

  it('let a frame of the longest length through, and close for one byte more, that session alone', async () => {
    const world = new MuxWorld();
    const client = world.connect();
    const [long, sibling] = [await world.open(client), await world.open(client)];
    client.send(long.at, 'DATA', Buffer.alloc(65_536));
    client.send(long.at, 'DATA', Buffer.alloc(65_537));
    client.send(sibling.at, 'DATA', Buffer.from('x'));
    await world.settle();
    expect(codes(client.on(long.handle, 'ERROR'))).to.deep.equal(['message.too_large']);
    expect(codes(client.on(long.handle, 'CLOSE'))).to.deep.equal([1009]);
    expect(client.on(sibling.handle, 'DATA').length).to.equal(1);
  });

  it('look at no frame on handle 0 that is longer, and go on', async () => {
    const world = new MuxWorld();
    const client = world.connect();
    client.send(undefined, 'OPEN', Buffer.alloc(65_537, ' '));
    client.send(undefined, 'OPEN', Buffer.alloc(65_536, ' '));
    await world.settle();
    expect(codes(client.on('0'.repeat(16), 'ERROR'))).to.deep.equal(['message.too_large', 'frame.malformed']);
    expect((await world.open(client)).kind).to.equal('echo');
  });

  it('give back what was sent when it has been acted on, half a window at a time', async () => {
    const world = new MuxWorld({ sessionRate: NO_RATE });
    const client = world.connect();
    const { at, handle } = await world.open(client);
    for (let count = 0; count < 2; count += 1) client.send(at, 'DATA', Buffer.alloc(65_536));
    await world.settle();
    const [credit] = client.on(handle, 'CREDIT');
    expect(credit?.bytes.readUInt32BE()).to.equal(131_072);
  });

  it('close whoever sends beyond the window that he was granted', async () => {
    const stuck: Kind = {
      name: 'echo',
      permission: 'mux.open',
      open: async () => ({
        recovered: true,
        offset: 0,
        begin: () => undefined,
        onData: () => new Promise(() => undefined),
        close: () => undefined,
      }),
    };
    const world = new MuxWorld({ sessionRate: NO_RATE }, [stuck]);
    const client = world.connect();
    const { at, handle } = await world.open(client);
    for (let count = 0; count < 4; count += 1) client.send(at, 'DATA', Buffer.alloc(65_536));
    await world.settle();
    expect(client.on(handle, 'CLOSE')).to.deep.equal([]);
    client.send(at, 'DATA');
    await world.settle();
    expect(codes(client.on(handle, 'ERROR'))).to.deep.equal(['credit.exceeded']);
    expect(codes(client.on(handle, 'CLOSE'))).to.deep.equal([4008]);
  });

  it('send no more than the client has granted, and go on when he grants more', async () => {
    const world = new MuxWorld({ sessionRate: NO_RATE });
    const client = world.connect();
    const { at, handle } = await world.open(client, { window: 65_536 });
    const sibling = await world.open(client);
    for (let count = 0; count < 5; count += 1) client.send(at, 'DATA', Buffer.alloc(20_000));
    client.send(sibling.at, 'DATA', Buffer.from('x'));
    await world.settle();
    expect(client.on(handle, 'DATA').length).to.equal(4);
    expect(client.on(sibling.handle, 'DATA').length).to.equal(1);
    client.send(at, 'CREDIT', creditPayload(20_000));
    await world.settle();
    expect(client.on(handle, 'DATA').length).to.equal(5);
    client.send(at, 'CREDIT', creditPayload(2 ** 31 - 1));
    client.send(at, 'CREDIT', creditPayload(2 ** 31 - 1));
    await world.settle();
    expect(codes(client.on(handle, 'CLOSE'))).to.deep.equal([4008]);
  });

  it('close an idle one after its time, which can be taken back', async () => {
    const world = new MuxWorld({ sessionTimeoutMs: 10_000 });
    const client = world.connect();
    const { at, handle, sessionId, resumeToken } = await world.open(client);
    const used = await world.open(client);
    await world.timers.advance(6_000);
    client.send(at, 'PING');
    client.send(used.at, 'DATA', Buffer.from('x'));
    await world.timers.advance(5_000);
    expect(codes(client.on(handle, 'CLOSE'))).to.deep.equal([4005]);
    expect(client.on(used.handle, 'CLOSE')).to.deep.equal([]);
    const resume = { sessionId, token: resumeToken, offset: 0 };
    expect((await world.open(client, { resume })).epoch).to.equal(2);
  });

  it('close one whose credential expires, and let it be renewed before', async () => {
    const world = new MuxWorld();
    const client = world.connect(world.timers.clock.nowMs() + 5_000);
    const [expiring, renewed] = [await world.open(client), await world.open(client)];
    await world.timers.advance(4_000);
    client.send(renewed.at, 'AUTH', { credential: 'another' });
    await world.timers.advance(2_000);
    expect(codes(client.on(expiring.handle, 'CLOSE'))).to.deep.equal([4010]);
    expect(client.on(renewed.handle, 'CLOSE')).to.deep.equal([]);
    expect(client.code).to.equal(undefined);
    client.send(undefined, 'OPEN', { ref: 'late', kind: 'echo' });
    await world.settle();
    expect(client.received.find(({ json }) => json?.ref === 'late')?.json.code).to.equal('auth.expired');
  });
});

describe('the limits of a multiplexed connection', () => {
  it('have as many sessions as it may have, and no one more', async () => {
    const world = new MuxWorld({ maxSessionsPerConnection: 3 });
    const client = world.connect();
    for (const ref of ['a', 'b', 'c', 'd']) client.send(undefined, 'OPEN', { ref, kind: 'echo' });
    await world.settle();
    const answers = client.received.map(({ name, json }) => [name, json.ref, json.code]);
    expect(answers.filter(([name]) => name === 'OPENED').length).to.equal(3);
    expect(answers).to.deep.include(['ERROR', 'd', 'limit.sessions']);
  });

  it('let a principal open so many new sessions, on whichever of his connections', async () => {
    const world = new MuxWorld({ openRate: { tokens: 1, perMs: 1_000, burst: 2 } });
    const [first, second] = [world.connect(), world.connect()];
    const { sessionId, resumeToken } = await world.open(first);
    await world.open(second);
    second.send(undefined, 'OPEN', { ref: 'third', kind: 'echo' });
    await world.settle();
    const refused = second.received.find(({ json }) => json?.ref === 'third');
    expect(refused?.json).to.include({ code: 'rate.limited', retryAfterMs: 1_000 });
    const resume = { sessionId, token: resumeToken, offset: 0 };
    expect((await world.open(second, { resume })).epoch).to.equal(2);
  });

  it('close it after ten frames in a row over the rate of all its frames', async () => {
    const world = new MuxWorld({ connectionRate: { tokens: 1, perMs: 1_000, burst: 5 } });
    const client = world.connect();
    for (let count = 0; count < 14; count += 1) client.send(undefined, 'PING');
    expect(client.code).to.equal(undefined);
    client.send(undefined, 'PING');
    expect(client.code).to.equal(4029);
  });

  it('count pings of the WebSocket as frames, and close whoever floods with them', () => {
    const world = new MuxWorld({ connectionRate: { tokens: 1, perMs: 1_000, burst: 5 } });
    const client = world.connect();
    for (let count = 0; count < 14; count += 1) client.ping();
    expect([client.pongs, client.code]).to.deep.equal([5, undefined]);
    client.ping();
    expect(client.code).to.equal(4029);
  });

  it('ping it, and cut it when no pong comes', async () => {
    const world = new MuxWorld();
    const [alive, dead] = [world.connect(), world.connect()];
    await world.timers.advance(26_000);
    expect([alive.pings, dead.pings]).to.deep.equal([1, 1]);
    alive.pong();
    await world.timers.advance(11_000);
    expect([alive.isCut, dead.isCut]).to.deep.equal([false, true]);
  });

  it('close it when its client takes nothing of what waits for 30 seconds', async () => {
    const world = new MuxWorld({ sessionRate: NO_RATE });
    const client = world.connect();
    const { at } = await world.open(client, { window: 10_000_000 });
    client.isReading = false;
    for (let count = 0; count < 20; count += 1) {
      client.send(at, 'DATA', Buffer.alloc(60_000));
      await world.settle();
    }
    await world.timers.advance(20_000);
    client.pong();
    await world.timers.advance(8_000);
    client.pong();
    expect(client.code).to.equal(undefined);
    await world.timers.advance(4_000);
    expect(client.code).to.equal(4008);
  });

  it('close it when it asks for more answers than it reads', async () => {
    const world = new MuxWorld({ connectionRate: NO_RATE });
    const client = world.connect();
    client.isReading = false;
    for (let count = 0; count < 10_000 && client.code === undefined; count += 1) {
      client.send(undefined, 'PING', Buffer.alloc(64));
      if (count % 100 === 0) await world.settle();
    }
    expect(client.code).to.equal(4008);
  });

  it('answer frames of unknown handles ten times a second, and those just closed not at all', async () => {
    const world = new MuxWorld({ sessionTimeoutMs: 1_000 });
    const client = world.connect();
    const { at, handle } = await world.open(client);
    await world.timers.advance(2_000);
    expect(codes(client.on(handle, 'CLOSE'))).to.deep.equal([4005]);
    client.send(at, 'DATA', Buffer.from('x'));
    await world.settle();
    expect(client.received.filter(({ name }) => name === 'ERROR')).to.deep.equal([]);
    for (let count = 0; count < 15; count += 1) client.send({ high: 1, low: count }, 'DATA');
    await world.settle();
    expect(client.received.filter(({ name }) => name === 'ERROR').length).to.equal(10);
  });

  it('keep a login by cookie in use while it is connected, and tell nothing of others', async () => {
    const world = new MuxWorld();
    const socket = world.connect(undefined, { ...anna('by-cookie'), byCookie: true });
    world.connect().pong();
    for (let look = 0; look < 24; look += 1) {
      await world.timers.advance(5_000);
      socket.pong();
    }
    expect(world.uses).to.deep.equal(['by-cookie', 'by-cookie']);
  });
});
