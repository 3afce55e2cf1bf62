import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Problem } from './problem.ts';

/** Longest request line and headers together, in bytes. */
const MAX_HEADER_BYTES = 16_384;
/** Most headers of one request. */
const MAX_HEADERS = 100;
/** How long a client may take to send its headers, in milliseconds. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How long a client may take to send headers and body; what is answered, such as a stream, is not bounded by it. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often the two timeouts above are looked at, in milliseconds. */
const TIMEOUT_CHECK_MS = 1_000;
/** How long an idle connection is kept, in milliseconds; above the idle time of common proxies, so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** Requests after which a connection is closed, so that a long-lived one moves on to a fresh process. */
const MAX_REQUESTS_PER_SOCKET = 10_000;

/** Most requests of one connection that wait for their answers at once; browsers and proxies send one after the other. */
const MAX_PIPELINED = 16;
/** How long a client that was refused may take to read that and go, whatever it sends meanwhile, in milliseconds. */
const FAREWELL_MS = 1_000;
/** How long a client may read nothing of an answer that is complete, in milliseconds. */
const UNREAD_TIMEOUT_MS = 30_000;

/** Status, title, code and sentence. */
type EarlyRefusal = readonly [number, string, string, string];

const EARLY_REFUSALS: Readonly<Record<string, EarlyRefusal>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'request.headers_too_large',
    'The headers are too large',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    408,
    'Request Timeout',
    'request.too_slow',
    'The request took too long to arrive',
  ],
};
/** What a browser may do with such an answer: nothing. */
const EARLY_HEADERS = [
  "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options: nosniff',
  'Cross-Origin-Resource-Policy: same-origin',
  'Referrer-Policy: no-referrer',
  'Cache-Control: no-store',
];
const NOT_HTTP = [400, 'Bad Request', 'request.malformed', 'This is not a request that HTTP knows'] as const;

/** The bounds of every server, whatever carries it. Requests that only a lenient parser takes are refused. */
export const SERVER_BOUNDS: ServerOptions = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  noDelay: true,
  insecureHTTPParser: false,
  // Asked for by our own check of the name, which answers as everything else does.
  requireHostHeader: false,
  // An offer of another protocol, such as h2c, is no upgrade that anybody here takes up: it is answered as it stands.
  shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
};

/** Makes an HTTP server whose every wait and size is bounded. `requestId` names requests that no handler ever saw. */
export function createHttpServer(listener: RequestListener, requestId: () => string): Server {
  const server = boundServer(createServer(SERVER_BOUNDS, boundPipeline(listener)));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    refuseEarly(error, socket, requestId()),
  );
  return server;
}

/**
 * Cuts a connection that sends requests without waiting for their answers: a thousand of them fit into what is read at
 * once, and every one that is looked at costs many times its own length.
 */
export function boundPipeline(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    const already = waiting.get(socket) ?? 0;
    if (already >= MAX_PIPELINED) {
      socket.destroy();
      return;
    }
    waiting.set(socket, already + 1);
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    listener(request, response);
  };
}

/** Sets the bounds that are no options. */
export function boundServer<S extends Server>(server: S): S {
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  // A handler may think as long as its limits say; who then reads nothing of its answer is cut by the server itself.
  server.prependListener('request', ({ socket }, response) => {
    response.once('prefinish', () => socket.setTimeout(UNREAD_TIMEOUT_MS));
    // Where another request waits already, Node sets no time of its own.
    response.once('finish', () => socket.timeout === UNREAD_TIMEOUT_MS && socket.setTimeout(0));
  });
  // An expectation that nobody knows may be left unmet (RFC 9110, section 10.1.1); Node would answer it without a word.
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
  return server;
}

/** Answers what could not be parsed, as a problem like any other, and closes the connection. */
export function refuseEarly(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answerEarly(socket, EARLY_REFUSALS[error.code ?? ''] ?? NOT_HTTP, requestId);
}

/**
 * Writes a refusal that no handler stands behind, and closes the connection: also that of a client which does not close
 * its side, so that nobody holds connections by never asking for anything whole.
 */
export function answerEarly(
  socket: Socket,
  [status, title, code, detail]: EarlyRefusal,
  requestId: string,
): void {
  const problem = { type: 'about:blank', title, status, detail, code, message: detail, requestId };
  // What else the client sends is taken and dropped: a connection closed over it would lose the answer.
  socket.resume().end(earlyAnswer(problem));
  const giveUp = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once('close', () => clearTimeout(giveUp));
}

/** A refusal as the whole text of an answer, after which the connection is closed. */
export function earlyAnswer(problem: Problem, headers: Readonly<Record<string, string>> = {}): string {
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${problem.requestId}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...EARLY_HEADERS,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
