import { expect } from 'chai';
import { ECHO } from '../../../../src/adapters/inbound/ws/mux/kinds/echo.ts';
import type { Kind } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { UNAVAILABLE_RETRY_MS } from '../../../../src/adapters/inbound/ws/mux/mux-refusal.ts';
import { MuxWorld, OPEN_WITHIN_MS } from '../../../support/mux-world.ts';

/** A kind that opens when a test says so. */
function slowKind() {
  const waiting: Array<() => void> = [];
  let closed = 0;
  const kind: Kind = {
    ...ECHO,
    open: async (opening, out) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      const session = await ECHO.open(opening, out);
      return {
        recovered: session.recovered,
        offset: session.offset,
        begin: () => session.begin(),
        onData: (payload: Buffer) => session.onData(payload),
        close: () => {
          closed += 1;
        },
      };
    },
  };
  return {
    kind,
    closed: () => closed,
    open: () => {
      for (const open of waiting.splice(0)) open();
    },
  };
}

const LATE = {
  code: 'unavailable',
  message: 'Something that this needs is out of reach',
  retryAfterMs: UNAVAILABLE_RETRY_MS,
  ref: 'late',
};

describe('an OPEN whose time is spent', () => {
  it('is answered then, and nothing is left of a session that comes to be later', async () => {
    const slow = slowKind();
    const world = new MuxWorld({}, [slow.kind]);
    const client = world.connect();
    client.send(undefined, 'OPEN', { ref: 'late', kind: 'echo' });
    await world.timers.advance(OPEN_WITHIN_MS - 1);
    expect(client.received).to.deep.equal([]);
    await world.timers.advance(1);
    await world.settle();
    expect(client.received.map(({ name, json }) => [name, json])).to.deep.equal([['ERROR', LATE]]);
    slow.open();
    await world.settle();
    expect(client.received).to.have.length(1);
    expect(slow.closed()).to.equal(1);
    expect(await world.directory.list({ realm: 'mux', limit: 9 })).to.deep.equal([]);
    expect(world.connections.held().size).to.equal(0);
  });

  it('leaves a session that it was to take back to the token that was shown', async () => {
    const slow = slowKind();
    const world = new MuxWorld({}, [slow.kind]);
    const first = world.connect();
    first.send(undefined, 'OPEN', { ref: 'first', kind: 'echo' });
    await world.settle();
    slow.open();
    await world.settle();
    const { sessionId, resumeToken } = first.received[0]?.json ?? {};
    const resume = { sessionId, token: resumeToken, offset: 0 };
    const client = world.connect();
    client.send(undefined, 'OPEN', { ref: 'late', kind: 'echo', resume });
    await world.timers.advance(OPEN_WITHIN_MS);
    await world.settle();
    expect(client.received.map(({ json }) => json)).to.deep.equal([LATE]);
    slow.open();
    await world.settle();
    const [state] = await world.directory.list({ realm: 'mux', limit: 9 });
    expect(state?.holders).to.deep.equal([]);
    client.send(undefined, 'OPEN', { ref: 'again', kind: 'echo', resume });
    await world.settle();
    slow.open();
    await world.settle();
    expect(client.received.at(-1)?.json).to.include({ ref: 'again', sessionId, epoch: 3 });
  });

  it('counts as under way until it has really ended, so that no more are begun than may be open', async () => {
    const slow = slowKind();
    const world = new MuxWorld({ maxSessionsPerConnection: 2 }, [slow.kind]);
    const client = world.connect();
    for (const ref of ['1', '2']) client.send(undefined, 'OPEN', { ref, kind: 'echo' });
    await world.timers.advance(OPEN_WITHIN_MS);
    client.send(undefined, 'OPEN', { ref: '3', kind: 'echo' });
    await world.settle();
    expect(client.received.map(({ json }) => json.code)).to.deep.equal([
      'unavailable',
      'unavailable',
      'limit.sessions',
    ]);
    slow.open();
    await world.settle();
    client.send(undefined, 'OPEN', { ref: '4', kind: 'echo' });
    await world.settle();
    slow.open();
    await world.settle();
    expect(client.received.at(-1)?.name).to.equal('OPENED');
  });
});
