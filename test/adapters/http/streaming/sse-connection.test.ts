import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import { SseConnection } from '../../../../src/adapters/inbound/http/sse-connection.ts';
import { SSE_KEEPALIVE, SseEncoder } from '../../../../src/adapters/inbound/http/sse-encoder.ts';
import { chunks } from '../../../support/stream-builders.ts';

/** A response whose socket takes as much as a test lets it. */
class SlowResponse extends EventEmitter {
  readonly written: string[] = [];
  takes = true;
  destroyed = false;

  write(piece: string | Buffer): boolean {
    this.written.push(piece.toString());
    return this.takes;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }

  /** Says `close` only when the client has taken the end, which this one never does. */
  end(): void {}
}

const LIMITS = { silentTicks: 3, stalledTicks: 5 };

function connect(): { response: SlowResponse; connection: SseConnection; closed: () => number } {
  const response = new SlowResponse();
  let closed = 0;
  const connection = new SseConnection(response as unknown as ServerResponse, () => {
    closed += 1;
  });
  return { response, connection, closed: () => closed };
}

const tick = (connection: SseConnection, times: number): void => {
  for (let time = 0; time < times; time += 1) connection.tick(LIMITS, SSE_KEEPALIVE);
};

describe('an event stream connection', () => {
  it('breaks a silence with a comment, and starts counting again with every write', () => {
    const { response, connection } = connect();
    tick(connection, 2);
    expect(connection.write('x')).to.equal(undefined);
    tick(connection, 2);
    expect(response.written).to.deep.equal(['x']);
    tick(connection, 4);
    expect(response.written).to.deep.equal(['x', SSE_KEEPALIVE, SSE_KEEPALIVE]);
  });

  it('waits for a full socket, and writes no comment into it', async () => {
    const { response, connection } = connect();
    response.takes = false;
    const written = connection.write('x');
    tick(connection, 4);
    expect(response.written).to.deep.equal(['x']);
    response.emit('drain');
    await written;
    expect(response.destroyed).to.equal(false);
  });

  it('is cut when the client takes nothing for too long', async () => {
    const { response, connection, closed } = connect();
    response.takes = false;
    const written = connection.write('x');
    tick(connection, LIMITS.stalledTicks);
    await written;
    expect(response.destroyed).to.equal(true);
    expect(connection.isOpen).to.equal(false);
    expect(closed()).to.equal(1);
    expect(connection.write('more')).to.equal(undefined);
    expect(response.written).to.deep.equal(['x']);
  });

  it('is written no more once it has ended, and cut when the client does not take the end', () => {
    const { response, connection } = connect();
    connection.end();
    tick(connection, LIMITS.stalledTicks - 1);
    expect(connection.write('more')).to.equal(undefined);
    expect([response.written.length, response.destroyed]).to.deep.equal([0, false]);
    tick(connection, 1);
    expect(response.destroyed).to.equal(true);
  });

  it('is not cut while a slow client takes slice after slice of a long text', async () => {
    const { response, connection } = connect();
    response.takes = false;
    const text = 'é'.repeat(100_000);
    const written = connection.write(text);
    for (let slice = 0; slice < 4; slice += 1) {
      tick(connection, LIMITS.stalledTicks - 1);
      response.emit('drain');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await written;
    expect(response.destroyed).to.equal(false);
    expect(response.written.length).to.equal(4);
  });
});

describe('the encoder of event streams', () => {
  it('encodes what several readers get once', () => {
    const encoder = new SseEncoder();
    const events = chunks(2, 'a', 'b');
    const text = encoder.encode(events);
    expect(text).to.equal(
      'id: 2\nevent: chunk\ndata: {"text":"a"}\n\nid: 3\nevent: chunk\ndata: {"text":"b"}\n\n',
    );
    expect(encoder.encode(events)).to.equal(text);
    expect(encoder.encode(chunks(4, 'c'))).to.equal('id: 4\nevent: chunk\ndata: {"text":"c"}\n\n');
  });
});
