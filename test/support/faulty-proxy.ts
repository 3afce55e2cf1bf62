import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy can do to one request. */
export type Fault =
  /** It answers itself; the server never hears of the request. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: unknown;
    }
  /** It closes the connection at once. */
  | { readonly kind: 'refuse' }
  /** The server acts, but its answer is lost. */
  | { readonly kind: 'lose-answer' }
  /** The connection breaks after so many bytes of the answer's body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The connection stays open, and from when on this says so nothing passes any more. */
  | { readonly kind: 'stall'; readonly now: () => boolean }
  /** A header of the answer gets another name, or goes when the name is empty. */
  | { readonly kind: 'rename-header'; readonly from: string; readonly to: string }
  /** The whole answer is changed on its way. */
  | { readonly kind: 'rewrite'; readonly change: (text: string) => string };

/** A request that passes. */
export interface Passing {
  /** `METHOD /path`. */
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP proxy between a client and a server that goes wrong as a test wants it to. */
export class FaultyProxy {
  /** The requests that came, in order. */
  readonly seen: Passing[] = [];
  readonly #target: string;
  readonly #decide: (request: Passing) => readonly Fault[];
  readonly #server: Server;

  constructor(target: string, decide: (request: Passing) => readonly Fault[]) {
    this.#target = target;
    this.#decide = decide;
    this.#server = createServer((request, response) => void this.#pass(request, response));
  }

  /** Listens on a free port of the loopback and returns the address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Breaks every connection that is open. */
  breakConnections(): void {
    this.#server.closeAllConnections();
  }

  /** How many requests of that form came. */
  count(line: RegExp): number {
    return this.seen.filter((request) => line.test(request.line)).length;
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const passing = {
      line: `${request.method} ${request.url}`,
      headers: request.headers,
      body: body.toString('utf8'),
    };
    this.seen.push(passing);
    const faults = this.#decide(passing);
    for (const fault of faults) {
      if (fault.kind === 'refuse') return void response.destroy();
      if (fault.kind !== 'answer') continue;
      response.writeHead(fault.status, { 'content-type': 'application/problem+json', ...fault.headers });
      return void response.end(JSON.stringify(fault.body ?? {}));
    }
    const onward = send(`${this.#target}${request.url}`, {
      method: request.method,
      headers: request.headers,
    });
    onward.on('response', (answer) => relay(answer, response, faults).catch(() => response.destroy()));
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  }
}

async function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  faults: readonly Fault[],
): Promise<void> {
  if (faults.some(({ kind }) => kind === 'lose-answer')) return void response.destroy();
  response.statusCode = answer.statusCode ?? 502;
  for (const [name, value] of Object.entries(answer.headers)) {
    const to = newName(name, faults);
    if (to !== '' && value !== undefined && name !== 'transfer-encoding') response.setHeader(to, value);
  }
  response.flushHeaders();
  const cut = faults.find((fault) => fault.kind === 'cut');
  const stall = faults.find((fault) => fault.kind === 'stall');
  const rewrite = faults.find((fault) => fault.kind === 'rewrite');
  let left = cut?.afterBytes ?? Number.POSITIVE_INFINITY;
  const kept: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) {
    if (stall?.now()) return;
    if (rewrite) kept.push(piece);
    else if (piece.length >= left) {
      response.write(piece.subarray(0, left), () => response.destroy());
      return;
    } else response.write(piece);
    left -= piece.length;
  }
  response.end(rewrite?.change(Buffer.concat(kept).toString('utf8')));
}

function newName(name: string, faults: readonly Fault[]): string {
  const renamed = faults.find((fault) => fault.kind === 'rename-header' && fault.from === name);
  return renamed?.kind === 'rename-header' ? renamed.to : name;
}
