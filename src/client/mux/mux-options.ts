import type { Platform } from '../platform/platform.ts';
import type { CredentialProvider } from './credentials.ts';

/** Most connections of one client: a session more costs a handle, a connection more costs a socket. */
export const MAX_CONNECTIONS = 4;
/** Sessions on each open connection from which on one more connection is opened. */
export const SPREAD_AFTER_SESSIONS = 25;
/** What a session grants first, in bytes, and the least that it may. */
export const DEFAULT_WINDOW_BYTES = 262_144;
export const MIN_WINDOW_BYTES = 65_536;
/** The largest window, in bytes. */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;
/** How long the first `open` of a session may take, in milliseconds. */
export const OPEN_WITHIN_MS = 30_000;
/** How long a session tries to come back, in milliseconds: as long as the server keeps it for its owner. */
export const GIVE_UP_AFTER_MS = 86_400_000;

/** What a client is made with. */
export interface MuxClientOptions {
  /** Where the server is: `https://host`, or the whole address `wss://host/ws/mux`. */
  readonly url: string;
  /**
   * An access token or API key, or who gives one: asked before each connection, before the credential expires, and when
   * the server takes it no more. Left out in a page that is logged in by cookie.
   */
  readonly credential?: string | CredentialProvider;
  /**
   * Gives a ticket for each connection, where headers cannot be sent and `POST /api/ws/tickets` of the same host is not
   * the way to one.
   */
  readonly ticket?: () => Promise<string>;
  /** Whether frames that are sent together share a message (`holdfast.mux.v1.batch`). Yes unless said. */
  readonly batch?: boolean;
  /** Most connections, 1 to 4. 4 unless said. */
  readonly maxConnections?: number;
  /** How long the first opening of a session may take, in milliseconds. 30 s unless said. */
  readonly openWithinMs?: number;
  /** How long a session tries to come back, in milliseconds. 24 h unless said. */
  readonly giveUpAfterMs?: number;
  /** What the client has of the world; of Node.js or the browser unless said. */
  readonly platform?: Platform;
}

/** What a session is opened with. */
export interface OpenOptions {
  /** What the kind asks for, such as `{chatSessionId}`. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Payload bytes that may wait for the consumer, at least 65,536. 262,144 unless said. */
  readonly window?: number;
  /** Asks for a smaller share of the connection than the operator grants, 1 to 100. */
  readonly weight?: number;
  /** A credential of the session's own, in the place of the client's. */
  readonly credential?: string | CredentialProvider;
  /** Whether the client keeps within the session's rate by itself. Yes unless said; what goes beyond it is refused and lost. */
  readonly paced?: boolean;
  /** Takes back a session that was left, by an earlier page or process, for example. */
  readonly resume?: SessionSnapshot;
}

/** What it takes to take a session back elsewhere. The token is a secret, and good once. */
export interface SessionSnapshot {
  readonly sessionId: string;
  readonly token: string;
  readonly kind: string;
  /** The offset of the last EVENT that was given; 0 for none. */
  readonly offset: number;
}

/** The address of the WebSocket, and that of the server by HTTP. @throws TypeError when the address is none. */
export function addressesOf(text: string): { readonly socketUrl: string; readonly httpOrigin: string } {
  const url = new URL(text);
  if (!/^(https?|wss?):$/.test(url.protocol)) throw new TypeError(`Not an address of a server: ${text}`);
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
  const path = url.pathname === '/' ? '/ws/mux' : url.pathname;
  return {
    socketUrl: `${isSecure ? 'wss' : 'ws'}://${url.host}${path}`,
    httpOrigin: `${isSecure ? 'https' : 'http'}://${url.host}`,
  };
}
