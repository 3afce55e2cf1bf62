import { constants } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { invariant } from '../../../domain/invariant.ts';
import { answerEarly, boundPipeline, boundServer, refuseEarly, SERVER_BOUNDS } from './http-server.ts';

/** How long a client may take to agree on keys, from the connection on, in milliseconds. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Oldest TLS that is spoken (ASVS 5.0, 12.1.1). */
const MIN_VERSION = 'TLSv1.2';
/** Every suite of TLS 1.3, and those of 1.2 that are forward-secret and authenticate what they encrypt (12.1.2). */
const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/** A certificate with its chain, and its key, both as PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

const NEEDS_TLS = [400, 'Bad Request', 'request.needs_tls', 'This port speaks https only'] as const;

/** What a TLS pair is served with, whether at the start or in place of another. */
export const secureContextOf = ({ cert, key }: TlsPair): SecureContextOptions => ({
  cert,
  key,
  minVersion: MIN_VERSION,
  ciphers: SUITES,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
});

/**
 * Makes an HTTPS server with the bounds of the HTTP server. A client that speaks plain HTTP to it is answered in plain
 * HTTP, once, and learns why. `setSecureContext(secureContextOf(pair))` changes the pair for connections to come.
 */
export function createHttpsServer(listener: RequestListener, requestId: () => string, pair: TlsPair): Server {
  const options = { ...SERVER_BOUNDS, ...secureContextOf(pair), handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
  const server = boundServer(createServer(options, boundPipeline(listener)));
  const agreed = new WeakSet<Socket>();
  server.prependListener('secureConnection', (socket: TLSSocket) => agreed.add(socket));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Without keys there is nothing to answer with; what TLS has to say of the failure it has said.
    if (agreed.has(socket)) refuseEarly(error, socket, requestId());
    else socket.destroy();
  });
  lookBeforeHandshake(server, requestId);
  return server;
}

/** Looks at the first byte of every connection: a method's letter is plain HTTP, all else is left to TLS. */
function lookBeforeHandshake(server: Server, requestId: () => string): void {
  const [handshake, ...others] = server.listeners('connection');
  invariant(
    handshake !== undefined && others.length === 0,
    'an https server begins its handshakes elsewhere',
  );
  server.removeAllListeners('connection');
  const silent = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    const giveUp = (): void => void socket.destroy();
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, giveUp);
    socket.on('error', giveUp);
    socket.once('close', () => silent.delete(socket));
    socket.once('readable', () => {
      silent.delete(socket);
      socket.setTimeout(0);
      socket.off('timeout', giveUp);
      const first = socket.read() as Buffer | null;
      if (first === null) return giveUp();
      if (isMethodLetter(first[0])) {
        answerEarly(socket, NEEDS_TLS, requestId());
        return;
      }
      socket.unshift(first);
      handshake.call(server, socket);
    });
  });
  // Node closes what has become HTTP; whoever has not said a word yet would hold up the end.
  const closeTheRest = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    for (const socket of silent) socket.destroy();
    closeTheRest();
  };
}

const isMethodLetter = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x41 && byte <= 0x5a;
