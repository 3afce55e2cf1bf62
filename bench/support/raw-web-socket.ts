import { connect, type Socket } from 'node:net';

/** Opcodes of RFC 6455, 5.2. */
export const TEXT = 1;
export const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const FIN = 0x80;
const MASKED = 0x80;
/** The mask of everything that is sent. Not zeros, which servers would not have to take off. */
export const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;
const MASK_BYTES = 4;

/** A whole message as a client sends it: masked, so that it can be sent again and again. */
export function maskedMessage(opcode: number, payload: Uint8Array): Buffer {
  const head = headOf(payload.length);
  const message = Buffer.alloc(1 + head.length + MASK_BYTES + payload.length);
  message[0] = FIN | opcode;
  message.set(head, 1);
  message.set(MASK, 1 + head.length);
  const start = 1 + head.length + MASK_BYTES;
  for (const [at, byte] of payload.entries()) message[start + at] = byte ^ (MASK[at % MASK_BYTES] ?? 0);
  return message;
}

function headOf(length: number): number[] {
  if (length < 126) return [MASKED | length];
  if (length < 65_536) return [MASKED | 126, length >> 8, length & 0xff];
  return [MASKED | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff)];
}

/** Gets each message's payload: the bytes from `start` to `end`, which are good until it returns. */
export type OnMessage = (bytes: Buffer, start: number, end: number) => void;

/** A WebSocket's client that costs as little as one can: prepared messages out, and places of payloads in. */
export class RawWebSocket {
  readonly socket: Socket;
  /** The code of the server's close; 0 when it hung up without one. */
  closed: number | undefined;
  #rest: Buffer | undefined;
  #onMessage: OnMessage | undefined;

  /** `head`: what has come behind the answer to the handshake. */
  private constructor(socket: Socket, head: Buffer) {
    this.socket = socket;
    this.#rest = head.length > 0 ? head : undefined;
  }

  /** Whoever is told of messages from now on; what came before anybody was is kept for him. */
  set onMessage(take: OnMessage) {
    this.#onMessage = take;
    if (this.#rest !== undefined) this.#take(Buffer.alloc(0));
  }

  /** Connects, with further lines of the request's head. @throws Error when it is refused. */
  static async open(port: number, path: string, headers: readonly string[] = []): Promise<RawWebSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const head = await untilHead(socket);
    const client = new RawWebSocket(socket, head);
    socket.on('data', (data: Buffer) => client.#take(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      client.closed ??= 0;
    });
    return client;
  }

  /** Sends bytes that are whole messages. */
  write(bytes: Uint8Array): boolean {
    return this.socket.write(bytes);
  }

  close(): void {
    this.socket.destroy();
  }

  #take(data: Buffer): void {
    const bytes = this.#rest === undefined ? data : Buffer.concat([this.#rest, data]);
    this.#rest = undefined;
    let at = 0;
    while (at + 2 <= bytes.length) {
      const short = bytes[at + 1] ?? 0;
      let start = at + 2;
      let length = short;
      if (short === 126) {
        if (at + 4 > bytes.length) break;
        length = bytes.readUInt16BE(at + 2);
        start = at + 4;
      } else if (short === 127) {
        if (at + 10 > bytes.length) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        start = at + 10;
      }
      if (start + length > bytes.length) break;
      const opcode = (bytes[at] ?? 0) & 0x0f;
      if (opcode < CLOSE) this.#onMessage?.(bytes, start, start + length);
      else this.#control(opcode, bytes.subarray(start, start + length));
      at = start + length;
    }
    this.#rest = at === bytes.length ? undefined : Buffer.from(bytes.subarray(at));
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === PING) this.write(maskedMessage(PONG, payload));
    if (opcode === CLOSE) this.closed = payload.length < 2 ? 0 : payload.readUInt16BE(0);
  }
}

/** Waits for the answer to the handshake; resolves with what has come behind it. */
function untilHead(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const fail = (error?: Error): void => reject(error ?? new Error('the server hung up'));
    const take = (data: Buffer): void => {
      received = Buffer.concat([received, data]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', take);
      socket.off('error', fail);
      socket.off('close', fail);
      if (received.toString('latin1', 0, 12) === 'HTTP/1.1 101') resolve(received.subarray(end + 4));
      else reject(new Error(`no WebSocket: ${received.toString('latin1', 0, 600)}`));
    };
    socket.on('data', take);
    socket.on('error', fail);
    socket.on('close', fail);
  });
}
