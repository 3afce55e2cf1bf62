import type { IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';
import type { AttemptCounter } from '../../../../application/ports/identity/attempt-counters.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import type { Principal } from '../../../../domain/identity/principal.ts';
import { invariant } from '../../../../domain/invariant.ts';
import { ownerOf } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { SocketRoute } from '../upgrade-guard.ts';
import type { Connections } from './connections.ts';
import { MAX_SOCKET_MESSAGE_BYTES } from './frame.ts';
import { FAREWELL_MS } from './mux-limits.ts';
import { MuxSocket } from './mux-socket.ts';
import { shownBy } from './show-credential.ts';

/** The subprotocols, with BATCH and without. */
export const MUX_PROTOCOL = 'holdfast.mux.v1';
export const MUX_BATCH_PROTOCOL = `${MUX_PROTOCOL}.batch`;
/**
 * Most fragments of a message, and most pieces in which the network brings one. Each takes a few hundred bytes however
 * short it is, so that a message of single bytes would take a hundred times its length. 1 MiB in segments of 536 bytes,
 * the shortest that TCP may be told to send, is 1,957 pieces.
 */
const MAX_FRAGMENTS = 1_024;
const MAX_PIECES = 4_096;
/** The types of the library do not have this one: how long a client may take to answer a close of the library's own. */
const CLOSING = { closeTimeout: FAREWELL_MS };
/** A token of HTTP (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;

interface Deps {
  readonly connections: Connections;
  readonly attempts: AttemptCounter;
  /** The network that a request comes from. */
  readonly networkOf: (request: IncomingMessage) => string;
}

/** `GET /ws/mux`: the address of multiplexed connections. */
export function muxRoute({ connections, attempts, networkOf }: Deps): SocketRoute {
  const server = new WebSocketServer({
    noServer: true,
    WebSocket: MuxSocket,
    // Connections are kept by whoever takes them in.
    clientTracking: false,
    perMessageDeflate: false,
    // Pings draw from the connection's bucket, and are answered by it.
    autoPong: false,
    maxPayload: MAX_SOCKET_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_PIECES,
    ...CLOSING,
    handleProtocols: (offered) => protocolAmong(offered) ?? false,
  });
  return {
    path: '/ws/mux',
    permission: 'mux.open',
    greet: async (request) => {
      const attempt = await attempts.count(networkOf(request));
      if (attempt.kind !== 'refused') return;
      const { retryAfterMs } = attempt;
      throw new DomainError('connection.throttled', 'Too many connections from here', { retryAfterMs });
    },
    check: (request, principal) => {
      if (protocolAmong(offersOf(request)) === undefined) {
        throw new DomainError('request.invalid', `Offer the subprotocol ${MUX_PROTOCOL}`);
      }
      requireRoom(connections, principal);
    },
    open: ({ request, socket, head, principal, requestId }) => {
      invariant(principal.kind !== 'service', 'the permission of this route lets no service in');
      const shown = shownBy(principal, bearerOf(request));
      // Others may have come since the look; from here on nobody can come between.
      requireRoom(connections, principal);
      server.handleUpgrade(request, socket, head, (client) => {
        const batch = client.protocol === MUX_BATCH_PROTOCOL;
        const network = networkOf(request);
        connections.add({ socket: client, stream: socket, shown, requestId, network, batch });
      });
    },
  };
}

/** @throws DomainError `connection.limit_reached`. */
function requireRoom(connections: Connections, principal: Principal): void {
  const { maxConnectionsPerPrincipal } = connections.limits;
  if (principal.kind === 'service') return;
  if (connections.countOf(ownerOf(principal)) < maxConnectionsPerPrincipal) return;
  connections.onCrowded(principal);
  throw new DomainError(
    'connection.limit_reached',
    `You have ${maxConnectionsPerPrincipal} connections, which is as many as you may have`,
  );
}

/** The subprotocol that is spoken of those that a client offers; undefined when it offers none of ours. */
function protocolAmong(offered: ReadonlySet<string>): string | undefined {
  if (offered.has(MUX_BATCH_PROTOCOL)) return MUX_BATCH_PROTOCOL;
  return offered.has(MUX_PROTOCOL) ? MUX_PROTOCOL : undefined;
}

/** What a client offers; nothing when it is no list of different tokens, which the library would refuse in words of its own. */
function offersOf({ headers }: IncomingMessage): ReadonlySet<string> {
  const names = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const offers = new Set(names);
  return offers.size === names.length && names.every((name) => TOKEN.test(name)) ? offers : new Set();
}

const bearerOf = ({ headers }: IncomingMessage): string | undefined =>
  /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
