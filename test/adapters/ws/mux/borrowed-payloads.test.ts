import { expect } from 'chai';
import type { Handle } from '../../../../src/adapters/inbound/ws/mux/frame.ts';
import type { Kind, SessionOut } from '../../../../src/adapters/inbound/ws/mux/kinds/kind.ts';
import { creditPayload, frameOf } from '../../../../src/adapters/inbound/ws/mux/write-frame.ts';
import { MuxWorld } from '../../../support/mux-world.ts';
import type { ScriptedSocket } from '../../../support/scripted-socket.ts';

const NO_RATE = { tokens: 1_000_000, perMs: 1_000, burst: 1_000_000 };
const RATES = { sessionRate: NO_RATE, connectionRate: NO_RATE };
const CHUNK_BYTES = 65_536;
const KIB = 1_024;
/** What a session may send however much of its window has not been granted again, in bytes. */
const IN_WINDOW_BYTES = 120 * KIB;

/** Sends DATA that lies in a chunk as the socket reads it, behind other bytes. @returns the chunk. */
function sendWithin(client: ScriptedSocket, at: Handle, payload: Buffer): Buffer {
  const frame = frameOf(at, 'DATA', payload);
  const chunk = Buffer.alloc(CHUNK_BYTES, 'z');
  chunk.set(frame, 100);
  client.socket.listener?.onMessage(chunk.subarray(100, 100 + frame.length), true);
  return chunk;
}

/** The memory of each piece that is written to a client from now on. */
function memoriesOf({ stream }: ScriptedSocket): ArrayBufferLike[] {
  const memories: ArrayBufferLike[] = [];
  const write = stream.write.bind(stream);
  stream.write = (bytes: Buffer, ...more: never[]) => {
    memories.push(bytes.buffer);
    return write(bytes, ...more);
  };
  return memories;
}

/** Keeps what it was given busy until it is told, and sends it back then. */
class Held {
  readonly texts: string[] = [];
  readonly #release: Array<() => void> = [];
  readonly kind: Kind = {
    name: 'echo',
    permission: 'mux.open',
    open: async (_opening, out) => ({
      recovered: true,
      offset: 0,
      begin: () => undefined,
      onData: (bytes) => this.#hold(bytes, out),
      close: () => undefined,
    }),
  };

  release(): void {
    this.#release.shift()?.();
  }

  #hold(bytes: Buffer, out: SessionOut): Promise<void> {
    this.texts.push(bytes.toString());
    void out.data(bytes);
    return new Promise((resolve) => this.#release.push(resolve));
  }
}

describe('a payload that came in a message with others', () => {
  it('is its own when it waits for its client behind a window that is not open', async () => {
    const world = new MuxWorld(RATES);
    const client = world.connect();
    const { at, handle } = await world.open(client, { window: CHUNK_BYTES });
    client.send(at, 'DATA', Buffer.alloc(CHUNK_BYTES, 'f'));
    const chunks = ['first', 'second'].map((text) => sendWithin(client, at, Buffer.from(text)));
    await world.settle();
    expect(client.on(handle, 'DATA')).to.have.length(1);
    for (const chunk of chunks) chunk.fill('?');
    client.send(at, 'CREDIT', creditPayload(CHUNK_BYTES));
    await world.settle();
    const texts = client.on(handle, 'DATA').map(({ bytes }) => bytes.toString());
    expect(texts.slice(1)).to.deep.equal(['first', 'second']);
  });

  it('is its own when it waits for those before it to be acted on', async () => {
    const held = new Held();
    const world = new MuxWorld(RATES, [held.kind]);
    const client = world.connect();
    const { at, handle } = await world.open(client);
    const chunks = ['first', 'second', 'third'].map((text) => sendWithin(client, at, Buffer.from(text)));
    await world.settle();
    for (const chunk of chunks) chunk.fill('?');
    for (let count = 0; count < 3; count += 1) {
      held.release();
      await world.settle();
    }
    expect(held.texts).to.deep.equal(['first', 'second', 'third']);
    const texts = client.on(handle, 'DATA').map(({ bytes }) => bytes.toString());
    expect(texts).to.deep.equal(['first', 'second', 'third']);
  });

  it('is its own when its connection has had its turn before it', async () => {
    const world = new MuxWorld(RATES);
    const client = world.connect();
    const { at, handle } = await world.open(client);
    // More than is acted on in a turn.
    for (let count = 0; count < 3; count += 1) client.send(at, 'DATA', Buffer.alloc(60 * KIB, 'f'));
    const chunk = sendWithin(client, at, Buffer.from('last'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.on(handle, 'DATA').length).to.be.lessThan(4);
    chunk.fill('?');
    await world.settle();
    expect(client.on(handle, 'DATA').at(-1)?.bytes.toString()).to.equal('last');
  });

  it('is its own when its client does not read', async () => {
    const world = new MuxWorld(RATES);
    const client = world.connect();
    const { at, handle } = await world.open(client, { window: 2 ** 31 - 1 });
    client.isReading = false;
    for (let count = 0; count < 12; count += 1) {
      client.send(at, 'DATA', Buffer.alloc(60 * KIB, 'f'));
      await world.settle();
    }
    const chunk = sendWithin(client, at, Buffer.from('last'));
    await world.settle();
    chunk.fill('?');
    client.resume();
    await world.settle();
    expect(client.on(handle, 'DATA').at(-1)?.bytes.toString()).to.equal('last');
  });
});

describe('what is written in one turn', () => {
  it('is written in memory that is used again, however much it is', async () => {
    const world = new MuxWorld(RATES);
    const client = world.connect();
    const window = 2 ** 31 - 1;
    const opened = await Promise.all([world.open(client, { window }), world.open(client, { window })]);
    const written = memoriesOf(client);
    for (const bytes of [KIB, 50 * KIB]) {
      for (let turn = 0; turn < 5; turn += 1) {
        for (const { at } of opened) {
          for (let sent = 0; sent < IN_WINDOW_BYTES; sent += bytes)
            client.send(at, 'DATA', Buffer.alloc(bytes));
        }
        await world.settle();
      }
    }
    const made = new Set(written);
    expect(written.length).to.be.greaterThan(20);
    expect([...made].reduce((sum, { byteLength }) => sum + byteLength, 0)).to.be.at.most(
      world.connections.pool.keptBytes,
    );
  });
});
