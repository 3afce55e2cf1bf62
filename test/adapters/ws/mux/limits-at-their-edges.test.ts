import { expect } from 'chai';
import type { Handle } from '../../../../src/adapters/inbound/ws/mux/frame.ts';
import type { Kind } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { INBOUND_QUEUE_BYTES } from '../../../../src/adapters/inbound/ws/mux/mux-limits.ts';
import { creditPayload } from '../../../../src/adapters/inbound/ws/mux/write-frame.ts';
import { DomainError } from '../../../../src/domain/domain-error.ts';
import type { UserId } from '../../../../src/domain/identity/ids.ts';
import { anna, MuxWorld } from '../../../support/mux-world.ts';
import type { ScriptedSocket } from '../../../support/scripted-socket.ts';

const NO_RATE = { tokens: 1_000_000, perMs: 1_000, burst: 1_000_000 };
const MAX_WINDOW = 2 ** 31 - 1;

/** A kind that never finishes acting on what it gets. */
const STUCK: Kind = {
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

/** A token that says by itself when it expires, in seconds. */
const tokenUntil = (exp: number): string =>
  `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.y`;

/** Two sessions on one connection, and a look that the second one still works and was told nothing. */
async function pair(world: MuxWorld, more = {}, client = world.connect()) {
  const [one, sibling] = [await world.open(client, more), await world.open(client)];
  const isUndisturbed = async (): Promise<void> => {
    const before = client.on(sibling.handle, 'DATA').length;
    client.send(sibling.at, 'DATA', Buffer.from('undisturbed'));
    await world.settle();
    expect(client.on(sibling.handle, 'DATA').length, 'the sibling').to.equal(before + 1);
    for (const name of ['ERROR', 'CLOSE'] as const) {
      expect(client.on(sibling.handle, name), 'the sibling').to.deep.equal([]);
    }
    expect(client.code, 'the connection').to.equal(undefined);
  };
  return { client, ...one, sibling, isUndisturbed };
}

/** What an OPEN is answered by. */
async function asked(world: MuxWorld, client: ScriptedSocket, open: object): Promise<unknown> {
  client.send(undefined, 'OPEN', { ref: 'asked', kind: 'echo', ...open });
  await world.settle();
  const answer = client.received.findLast(({ json }) => json?.ref === 'asked');
  return answer?.name === 'OPENED' ? 'OPENED' : answer?.json.code;
}
const codes = (client: ScriptedSocket, handle: string, name: 'ERROR' | 'CLOSE'): unknown[] =>
  client.on(handle, name).map(({ json }) => json.code);
const flood = (client: ScriptedSocket, at: Handle, frames: number): void => {
  for (let count = 0; count < frames; count += 1) client.send(at, 'DATA', Buffer.from('x'));
};

describe('a limit, at its edge', () => {
  it('of a session’s rate: refused a millisecond too early, let in at the time that was told', async () => {
    const world = new MuxWorld({ sessionRate: { tokens: 3, perMs: 1_000, burst: 1 } });
    const { client, at, handle, isUndisturbed } = await pair(world);
    flood(client, at, 2);
    await world.settle();
    const [refused] = client.on(handle, 'ERROR');
    expect(refused?.json).to.include({ code: 'rate.limited', retryAfterMs: 334 });
    world.timers.clock.advance(333);
    flood(client, at, 1);
    await world.settle();
    expect(client.on(handle, 'ERROR')[1]?.json).to.include({ code: 'rate.limited', retryAfterMs: 1 });
    world.timers.clock.advance(1);
    flood(client, at, 1);
    await world.settle();
    expect([client.on(handle, 'DATA').length, client.on(handle, 'ERROR').length]).to.deep.equal([2, 2]);
    await isUndisturbed();
  });

  it('of refusals in a row: nine leave a session open, ten close it by 4029', async () => {
    const world = new MuxWorld({ sessionRate: { tokens: 1, perMs: 60_000, burst: 5 } });
    const { client, at, handle, isUndisturbed } = await pair(world);
    flood(client, at, 5 + 9);
    await world.settle();
    expect([codes(client, handle, 'ERROR').length, codes(client, handle, 'CLOSE')]).to.deep.equal([9, []]);
    flood(client, at, 1);
    await world.settle();
    expect(codes(client, handle, 'CLOSE')).to.deep.equal([4029]);
    await isUndisturbed();
  });

  it('of a payload: the longest passes, one byte more is 1009 for AUTH and PING too', async () => {
    for (const name of ['DATA', 'AUTH', 'PING', 'CREDIT'] as const) {
      const world = new MuxWorld({ maxMessageBytes: 1_024 });
      const { client, at, handle, isUndisturbed } = await pair(world);
      client.send(at, name, Buffer.alloc(1_024));
      await world.settle();
      expect(codes(client, handle, 'CLOSE'), name).to.deep.equal([]);
      client.send(at, name, Buffer.alloc(1_025));
      await world.settle();
      expect(codes(client, handle, 'CLOSE'), name).to.deep.equal([1009]);
      expect(codes(client, handle, 'ERROR').at(-1), name).to.equal('message.too_large');
      await isUndisturbed();
    }
  });

  it('of sessions on a connection: a place that is left can be taken again', async () => {
    const world = new MuxWorld({ maxSessionsPerConnection: 2 });
    const { client, at, isUndisturbed } = await pair(world);
    expect(await asked(world, client, {})).to.equal('limit.sessions');
    client.send(at, 'CLOSE', { code: 1000, reason: '' });
    await world.settle();
    expect(await asked(world, client, {})).to.equal('OPENED');
    await isUndisturbed();
  });

  it('of sessions of a principal: one more than he may have is limit.sessions, and he keeps the others', async () => {
    const world = new MuxWorld({}, undefined, { detached: 2, all: 2 });
    const { client, isUndisturbed } = await pair(world);
    expect(await asked(world, client, {})).to.equal('limit.sessions');
    expect(await asked(world, world.connect(), {}), 'on another connection too').to.equal('limit.sessions');
    await isUndisturbed();
  });

  it('of OPENs: refused a millisecond too early, let in at the time that was told', async () => {
    const world = new MuxWorld({ openRate: { tokens: 1, perMs: 1_000, burst: 2 } });
    const { client, isUndisturbed } = await pair(world);
    expect(await asked(world, client, {})).to.equal('rate.limited');
    world.timers.clock.advance(999);
    expect(await asked(world, client, {})).to.equal('rate.limited');
    world.timers.clock.advance(1);
    expect(await asked(world, client, {})).to.equal('OPENED');
    await isUndisturbed();
  });

  it('of the first window: 65,536 bytes at least, 2,147,483,647 at most', async () => {
    const world = new MuxWorld();
    const client = world.connect();
    expect(await asked(world, client, { window: 65_535 })).to.equal('params.invalid');
    expect(await asked(world, client, { window: 65_536 })).to.equal('OPENED');
    expect(await asked(world, client, { window: MAX_WINDOW })).to.equal('OPENED');
    expect(await asked(world, client, { window: MAX_WINDOW + 1 })).to.equal('params.invalid');
  });

  it('of a window that grows: full to the last byte it holds, one more is 4008', async () => {
    const world = new MuxWorld();
    const { client, at, handle, isUndisturbed } = await pair(world, { window: 65_536 });
    client.send(at, 'CREDIT', creditPayload(MAX_WINDOW - 65_536));
    await world.settle();
    expect(codes(client, handle, 'CLOSE')).to.deep.equal([]);
    client.send(at, 'CREDIT', creditPayload(1));
    await world.settle();
    expect(codes(client, handle, 'CLOSE')).to.deep.equal([4008]);
    await isUndisturbed();
  });

  it('of what waits to be acted on: as many frames as fit, one more is 4008', async () => {
    const world = new MuxWorld({ sessionRate: NO_RATE, connectionRate: NO_RATE }, [STUCK]);
    const client = world.connect();
    const { at, handle } = await world.open(client);
    const sibling = await world.open(client);
    // The first is acted on for ever; empty ones count for their headers.
    client.send(at, 'DATA', Buffer.from('x'));
    await world.settle();
    for (let count = 0; count < Math.floor(INBOUND_QUEUE_BYTES / 9); count += 1) client.send(at, 'DATA');
    expect(codes(client, handle, 'CLOSE')).to.deep.equal([]);
    client.send(at, 'DATA');
    await world.settle();
    expect(codes(client, handle, 'CLOSE')).to.deep.equal([4008]);
    expect(codes(client, sibling.handle, 'CLOSE')).to.deep.equal([]);
  });

  it('of a ping: 64 bytes come back, 65 are malformed, and neither closes anything', async () => {
    const world = new MuxWorld();
    const { client, at, handle, isUndisturbed } = await pair(world);
    for (const to of [at, undefined]) {
      client.send(to, 'PING', Buffer.alloc(64, 'p'));
      client.send(to, 'PING', Buffer.alloc(65, 'p'));
    }
    await world.settle();
    const onConnection = '0'.repeat(16);
    for (const on of [handle, onConnection]) {
      expect(client.on(on, 'PONG').map(({ bytes }) => bytes.length)).to.deep.equal([64]);
      expect(codes(client, on, 'ERROR')).to.deep.equal(['frame.malformed']);
    }
    await isUndisturbed();
  });
});

describe('the authority of a session, in the middle of it', () => {
  it('lets DATA in to the last millisecond, and closes that session alone at the next', async () => {
    const world = new MuxWorld();
    const nowMs = world.timers.clock.nowMs();
    const seconds = Math.ceil(nowMs / 1_000) + 5;
    const { client, at, handle, isUndisturbed } = await pair(world, { credential: tokenUntil(seconds) });
    world.timers.clock.advance(seconds * 1_000 - 1 - nowMs);
    flood(client, at, 1);
    await world.settle();
    expect(client.on(handle, 'DATA').length).to.equal(1);
    world.timers.clock.advance(1);
    flood(client, at, 1);
    await world.settle();
    expect([client.on(handle, 'DATA').length, codes(client, handle, 'CLOSE')]).to.deep.equal([1, [4010]]);
    await isUndisturbed();
  });

  it('is renewed by AUTH in the very millisecond of its end, and lives by the new one', async () => {
    const world = new MuxWorld();
    const nowMs = world.timers.clock.nowMs();
    const seconds = Math.ceil(nowMs / 1_000) + 5;
    const { client, at, handle } = await pair(world, { credential: tokenUntil(seconds) });
    world.timers.clock.advance(seconds * 1_000 - nowMs);
    client.send(at, 'AUTH', { credential: tokenUntil(seconds + 5) });
    flood(client, at, 1);
    await world.settle();
    expect(client.on(handle, 'AUTHED')[0]?.json.expiresAt).to.equal((seconds + 5) * 1_000);
    expect([client.on(handle, 'DATA').length, codes(client, handle, 'CLOSE')]).to.deep.equal([1, []]);
    await world.timers.advance(6_000);
    expect(codes(client, handle, 'CLOSE')).to.deep.equal([4010]);
  });

  it('stays as it was after an AUTH that fails, whoever else’s or however bad the credential is', async () => {
    const world = new MuxWorld();
    world.credentials.set('of Bob', { ...anna('of-bob'), userId: 'bob' as UserId });
    world.credentials.set('bad', new DomainError('credential.invalid', 'The credential is not good'));
    world.credentials.set('old', new DomainError('credential.expired', 'The credential has expired'));
    const { client, at, handle, isUndisturbed } = await pair(world);
    for (const credential of ['of Bob', 'bad', 'old']) client.send(at, 'AUTH', { credential });
    client.send(at, 'AUTH', Buffer.from('{'));
    flood(client, at, 1);
    await world.settle();
    expect(codes(client, handle, 'ERROR')).to.deep.equal([
      'auth.other_principal',
      'auth.invalid',
      'auth.expired',
      'frame.malformed',
    ]);
    expect([client.on(handle, 'DATA').length, codes(client, handle, 'CLOSE')]).to.deep.equal([1, []]);
    await isUndisturbed();
  });

  it('is looked at with each message: what a new credential does not allow is refused at once', async () => {
    const kind: Kind = { ...STUCK, permission: 'chat.observe' };
    const world = new MuxWorld({}, [kind]);
    const officer = { ...anna(), role: 'supervisor' } as const;
    world.credentials.set('as supervisor', officer);
    const client = world.connect(undefined, officer);
    const { at, handle } = await world.open(client);
    client.send(at, 'AUTH', { credential: 'as a user' });
    flood(client, at, 1);
    await world.settle();
    expect(codes(client, handle, 'ERROR')).to.deep.equal(['session.forbidden']);
    client.send(at, 'AUTH', { credential: 'as supervisor' });
    flood(client, at, 1);
    await world.settle();
    expect(codes(client, handle, 'ERROR')).to.deep.equal(['session.forbidden']);
    expect(codes(client, handle, 'CLOSE')).to.deep.equal([]);
  });
});
