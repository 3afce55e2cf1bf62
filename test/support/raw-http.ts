import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a raw request is made of beside its method and path. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly token?: string;
  /** Sent as JSON, with its length. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly version?: '1.0' | '1.1';
}

/** The bytes of a request as a client writes them. */
export function requestText({ method, path, token, body, headers, version = '1.1' }: RawRequest): string {
  const content = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `${method} ${path} HTTP/${version}`,
    'Host: 127.0.0.1',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(content)}`]),
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${content}`;
}

/** A socket that a test writes to and reads from byte by byte. */
export class RawConnection {
  readonly socket: Socket;
  #received = '';
  #hasEnded = false;
  #waiting: Array<() => void> = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      this.#received += text;
      this.#wake();
    });
    socket.on('error', () => socket.destroy());
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#hasEnded = true;
        this.#wake();
      });
    }
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Everything that has come so far. */
  get received(): string {
    return this.#received;
  }

  send(request: RawRequest | string): void {
    this.socket.write(typeof request === 'string' ? request : requestText(request));
  }

  /** Waits until what has come matches, and returns the match; fails when the server closes before. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#received);
      if (match !== null) return match;
      if (this.#hasEnded) throw new Error(`closed before ${pattern}:\n${this.#received.slice(-2_000)}`);
      await this.#more();
    }
  }

  /** Waits until the server has ended its side, and returns everything that came. */
  async untilEnd(): Promise<string> {
    while (!this.#hasEnded) await this.#more();
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Puts a chunked body together again; fails when the chunks are not what their lengths say. */
export function dechunk(body: string): { readonly text: string; readonly complete: boolean } {
  const bytes = Buffer.from(body);
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.subarray(at, lineEnd).toString(), 16);
    if (Number.isNaN(length)) throw new Error(`no chunk length at ${at}: ${bytes.subarray(at, at + 40)}`);
    const from = lineEnd + 2;
    if (bytes.subarray(from + length, from + length + 2).toString() !== '\r\n')
      throw new Error(`a chunk of ${length} bytes at ${at} does not end where it says`);
    if (length === 0) return { text: Buffer.concat(parts).toString(), complete: true };
    parts.push(bytes.subarray(from, from + length));
    at = from + length + 2;
  }
  return { text: Buffer.concat(parts).toString(), complete: false };
}
