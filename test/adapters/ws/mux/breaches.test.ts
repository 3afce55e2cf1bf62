import { expect } from 'chai';
import { MuxSocket } from '../../../../src/adapters/inbound/ws/mux/mux-socket.ts';
import { anna, MuxWorld } from '../../../support/mux-world.ts';
import { ANNA } from '../../../support/stream-builders.ts';

const OWNER = `user:${ANNA}`;
const MINUTE_MS = 60_000;

/** As the library's server makes them. */
const ServerSide = MuxSocket as unknown as new (
  address: null,
  protocols: undefined,
  options: object,
) => MuxSocket;

describe('breaches of multiplexed sessions', () => {
  it('are told to the watchman one by one, and recorded as the first and a count', async () => {
    const world = new MuxWorld({ sessionRate: { tokens: 1, perMs: 1_000, burst: 1 } });
    const stop = new AbortController();
    const ended = world.breaches.run(stop.signal);
    const client = world.connect();
    const { at, sessionId } = await world.open(client);
    for (let count = 0; count < 8; count += 1) client.send(at, 'PING');
    client.send(at, 'DATA', Buffer.alloc(65_537));
    await world.settle();
    const object = `mux:${sessionId}`;
    const noticed = (word: string) => ({ kind: 'breaches.repeated', principal: OWNER, word, detail: object });
    expect(world.watchman.noticed).to.deep.equal([
      ...Array.from({ length: 7 }, () => noticed('rate.limited')),
      noticed('message.too_large'),
    ]);
    const first = {
      act: 'mux.limit_breached',
      outcome: 'refused',
      actor: ANNA,
      object,
      requestId: 'request',
      facts: { code: 'rate.limited' },
    };
    expect(world.audit.records).to.deep.equal([first]);
    client.pong();
    await world.timers.advance(MINUTE_MS + 5_000);
    expect(world.audit.records.slice(1)).to.deep.equal(
      [
        {
          act: 'mux.breaches_counted',
          outcome: 'refused',
          actor: ANNA,
          facts: {
            codes: 'message.too_large 1, rate.limited 6',
            count: 7,
            sinceMs: world.audit.records[1]?.facts?.sinceMs,
          },
        },
      ].map((record) => ({
        ...record,
        facts: { ...record.facts, codes: 'rate.limited 6, message.too_large 1' },
      })),
    );
    stop.abort(new Error('the test ends'));
    await ended;
  });

  it('do not fill the audit log, whatever comes', async () => {
    const world = new MuxWorld({ connectionRate: { tokens: 1, perMs: 1_000, burst: 1 } });
    for (let flood = 0; flood < 200; flood += 1) {
      const client = world.connect();
      for (let count = 0; count < 11; count += 1) client.send(undefined, 'PING');
    }
    await world.settle();
    expect(world.watchman.noticed).to.have.length(2_000);
    expect(world.audit.records).to.have.length(1);
  });

  it('are also frames of no form, text, messages beyond all bounds, and too many sessions', async () => {
    const world = new MuxWorld({ maxSessionsPerConnection: 1 });
    const words = (): string[] => world.watchman.noticed.splice(0).map(({ word }) => word);
    const emit = (event: string, ...what: readonly [unknown, boolean?]): void => {
      const socket = new ServerSide(null, undefined, {});
      socket.listener = world.connect().socket.listener;
      socket.emit(event, ...what);
    };
    emit('message', Buffer.alloc(3), true);
    expect(words()).to.deep.equal(['frame.malformed']);
    emit('message', Buffer.from('text'), false);
    expect(words()).to.deep.equal(['frame.malformed']);
    for (const [code, expected] of [
      ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', ['message.too_large']],
      ['WS_ERR_TOO_MANY_BUFFERED_PARTS', ['message.too_large']],
      ['WS_ERR_INVALID_UTF8', ['frame.malformed']],
      ['WS_ERR_UNEXPECTED_RSV_1', ['frame.malformed']],
      ['ECONNRESET', []],
    ] as const) {
      emit('error', Object.assign(new Error('of the library'), { code }));
      expect(words(), code).to.deep.equal(expected);
    }
    const client = world.connect();
    const { at } = await world.open(client);
    client.send(undefined, 'OPEN', { ref: 'more', kind: 'echo' });
    client.send(at, 'CREDIT', Buffer.alloc(1));
    client.send(undefined, 'OPEN', Buffer.from('{'));
    await world.settle();
    expect(words()).to.deep.equal(['limit.sessions', 'frame.malformed', 'frame.malformed']);
  });

  it('are frames of unknown handles as well, each of them, though few are answered', async () => {
    const world = new MuxWorld();
    const client = world.connect();
    for (let count = 0; count < 50; count += 1) client.send({ high: 1, low: count }, 'DATA');
    await world.settle();
    const noticed = world.watchman.noticed.map(({ kind, word }) => `${kind} ${word}`);
    expect(noticed).to.deep.equal(Array.from({ length: 50 }, () => 'handles.unknown session.unknown'));
  });

  it('are not what somebody asked for that there is not', async () => {
    const world = new MuxWorld();
    const client = world.connect();
    client.send(undefined, 'OPEN', { ref: 'a', kind: 'nothing' });
    const { at } = await world.open(client, {});
    client.send(at, 'AUTH', { credential: 'x' });
    await world.settle();
    expect(world.watchman.noticed).to.deep.equal([]);
    expect(world.audit.records).to.deep.equal([]);
  });

  it('are those of whoever the session belongs to, not of whose connection carries it', async () => {
    const world = new MuxWorld({ sessionRate: { tokens: 1, perMs: 1_000, burst: 1 } });
    const bob = { ...anna('of-bob'), userId: 'bob' as typeof ANNA };
    const client = world.connect(undefined, bob as ReturnType<typeof anna>);
    const { at } = await world.open(client, { credential: 'of Anna' });
    for (let count = 0; count < 2; count += 1) client.send(at, 'PING');
    client.send({ high: 1, low: 1 }, 'DATA');
    await world.settle();
    expect(world.watchman.noticed.map(({ principal }) => principal)).to.deep.equal([OWNER, 'user:bob']);
  });
});
