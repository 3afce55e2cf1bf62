import { Duplex } from 'node:stream';
import { CONNECTION, type FrameName, type Handle } from '../../src/adapters/inbound/ws/mux/frame.ts';
import type { ClientSocket } from '../../src/adapters/inbound/ws/mux/mux-socket.ts';
import { readMessage } from '../../src/adapters/inbound/ws/mux/read-message.ts';
import { frameOf } from '../../src/adapters/inbound/ws/mux/write-frame.ts';
import { type Received, toReceived } from './mux-client.ts';

/** The server's end of a connection whose client a test plays: frames go in at once, and what is written is read. */
export class ScriptedSocket {
  readonly received: Received[] = [];
  /** The code that the server closed it with. */
  code: number | undefined;
  isCut = false;
  pings = 0;
  /** Pongs that the server has answered with. */
  pongs = 0;
  /** Whether the client takes what is written. */
  isReading = true;
  readonly stream: Duplex;
  /** What the server takes it for. */
  readonly socket: ClientSocket = {
    listener: undefined,
    ping: () => {
      this.pings += 1;
    },
    pong: () => {
      this.pongs += 1;
    },
    close: (code) => {
      this.code ??= code;
    },
    terminate: () => {
      this.isCut = true;
    },
  };
  #kept: Array<() => void> = [];

  constructor() {
    this.stream = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        const take = (): void => {
          this.#take(bytes);
          done();
        };
        if (this.isReading) take();
        else this.#kept.push(take);
      },
    });
  }

  /** The client sends a frame. */
  send(handle: Handle | undefined, name: FrameName, payload: unknown = Buffer.alloc(0)): void {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
    this.socket.listener?.onMessage(frameOf(handle ?? CONNECTION, name, bytes), true);
  }

  /** The client pings as WebSockets do. */
  ping(): void {
    this.socket.listener?.onPing(Buffer.alloc(0));
  }

  pong(): void {
    this.socket.listener?.onPong();
  }

  /** The connection is lost. */
  lose(): void {
    this.socket.listener?.onSocketClose();
  }

  /** The client reads again. */
  resume(): void {
    this.isReading = true;
    for (const take of this.#kept.splice(0)) take();
  }

  /** What came on a handle, of one type. */
  on(handle: string, name: FrameName): Received[] {
    return this.received.filter((frame) => frame.handle === handle && frame.name === name);
  }

  #take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const short = bytes.readUInt8(at + 1);
      const [head, length] =
        short < 126
          ? [2, short]
          : short === 126
            ? [4, bytes.readUInt16BE(at + 2)]
            : [10, Number(bytes.readBigUInt64BE(at + 2))];
      const message = bytes.subarray(at + head, at + head + length);
      readMessage(
        message,
        { from: 'server', batch: true },
        { deliver: (frame) => this.received.push(toReceived(frame)) > 0 },
      );
      at += head + length;
    }
  }
}
