import { expect } from 'chai';
import { ConnectionBoard } from '../../../../src/adapters/inbound/ws/mux/connection-board.ts';
import {
  MAX_LISTED_SESSIONS,
  MEASURED_MS,
} from '../../../../src/application/multiplexing/live-connections.ts';
import type { UserId } from '../../../../src/domain/identity/ids.ts';
import { ownerOf } from '../../../../src/domain/multiplexing/subscriber-owner.ts';
import { anna, MuxWorld } from '../../../support/mux-world.ts';
import { ANNA } from '../../../support/stream-builders.ts';

const bob = () => ({ ...anna('of-bob'), userId: 'bob' as UserId });

describe('what operators see of connections', () => {
  it('is each with its sessions, their queues, and what goes while it is looked', async () => {
    const world = new MuxWorld();
    const board = new ConnectionBoard(world.connections, world.timers);
    const client = world.connect();
    const { at, sessionId } = await world.open(client, { window: 65_536 });
    client.send(at, 'DATA', Buffer.alloc(40_000));
    client.send(at, 'DATA', Buffer.alloc(40_000));
    await world.settle();
    const look = board.look({ limit: 9 });
    client.send(at, 'DATA', Buffer.alloc(1_000));
    await world.timers.advance(MEASURED_MS);
    const [sight] = await look;
    expect(sight).to.deep.include({
      principal: `user:${ANNA}`,
      network: '192.0.2.1',
      openSessions: 1,
      sessions: [
        {
          sessionId,
          kind: 'echo',
          principal: `user:${ANNA}`,
          epoch: 1,
          idleMs: MEASURED_MS,
          queuedBytes: { in: 0, out: 1_009 },
          perSecond: { messagesIn: 2, messagesOut: 0, bytesIn: 2_000, bytesOut: 0 },
          refused: 0,
        },
      ],
    });
  });

  it('comes in pages by the connections’ ids, of everybody or of one', async () => {
    const world = new MuxWorld();
    const board = new ConnectionBoard(world.connections, world.timers);
    for (let count = 0; count < 3; count += 1) world.connect();
    world.connect(undefined, bob());
    const all = async (query: Parameters<ConnectionBoard['look']>[0]) => {
      const look = board.look(query);
      await world.timers.advance(MEASURED_MS);
      return look;
    };
    const first = await all({ limit: 3 });
    const rest = await all({ limit: 3, after: first.at(-1)?.id ?? '' });
    const ids = [...first, ...rest].map(({ id }) => id);
    expect(ids).to.deep.equal([...new Set(ids)].sort());
    expect(ids).to.have.length(4);
    expect(
      (await all({ limit: 9, principal: ownerOf(bob()) })).map(({ principal }) => principal),
    ).to.deep.equal(['user:bob']);
    expect(
      await board.look({ limit: 9, principal: 'agent:nobody' }),
      'nobody waits for nothing',
    ).to.deep.equal([]);
  });

  it('is no more of one connection than is listed, and how many there are', async () => {
    const rate = { tokens: 1_000_000, perMs: 1, burst: 1_000_000 };
    const world = new MuxWorld({ maxSessionsPerConnection: 1_000, openRate: rate });
    const board = new ConnectionBoard(world.connections, world.timers);
    const client = world.connect();
    for (let count = 0; count <= MAX_LISTED_SESSIONS; count += 1) {
      client.send(undefined, 'OPEN', { ref: `${count}`, kind: 'echo' });
    }
    await world.settle();
    const look = board.look({ limit: 1 });
    await world.timers.advance(MEASURED_MS);
    const [sight] = await look;
    expect([sight?.openSessions, sight?.sessions.length]).to.deep.equal([
      MAX_LISTED_SESSIONS + 1,
      MAX_LISTED_SESSIONS,
    ]);
  });
});

describe('an operator', () => {
  it('ends one session for good, and its siblings go on', async () => {
    const world = new MuxWorld();
    const board = new ConnectionBoard(world.connections, world.timers);
    const client = world.connect();
    const [ended, sibling] = [await world.open(client), await world.open(client)];
    expect(board.kickSession(`mux:${ended.sessionId}`)).to.equal(true);
    expect(board.kickSession(`mux:${ended.sessionId}`)).to.equal(false);
    await world.settle();
    expect(client.on(ended.handle, 'CLOSE').map(({ json }) => json.code)).to.deep.equal([4502]);
    expect(await world.directory.find(`mux:${ended.sessionId}`)).to.equal(undefined);
    client.send(sibling.at, 'DATA', Buffer.from('x'));
    await world.settle();
    expect(client.on(sibling.handle, 'DATA').length).to.equal(1);
  });

  it('ends a connection with every session on it, and no other', async () => {
    const world = new MuxWorld();
    const board = new ConnectionBoard(world.connections, world.timers);
    const [client, other] = [world.connect(), world.connect()];
    const { handle, sessionId } = await world.open(client);
    const { sessionId: kept } = await world.open(other);
    const [name] = [...world.connections.all()].map((connection) => connection.name);
    expect(board.ownerOf(name ?? '')).to.equal(`user:${ANNA}`);
    expect(await board.kick(name ?? '')).to.equal(true);
    expect(await world.directory.find(`mux:${sessionId}`), 'to be resumed elsewhere').to.equal(undefined);
    expect([await board.kick(name ?? ''), board.ownerOf(name ?? '')]).to.deep.equal([false, undefined]);
    await world.settle();
    expect(client.on(handle, 'CLOSE').map(({ json }) => json.code)).to.deep.equal([4502]);
    expect([client.code, other.code]).to.deep.equal([4502, undefined]);
    expect(await world.directory.find(`mux:${kept}`)).to.not.equal(undefined);
  });
});
