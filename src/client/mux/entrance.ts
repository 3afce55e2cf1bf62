import type { Platform, SocketLike } from '../platform/platform.ts';
import type { Credentials } from './credentials.ts';
import { MuxError } from './mux-error.ts';

/** How long a WebSocket may take to open, in milliseconds. */
const SOCKET_WITHIN_MS = 15_000;
/** What `readyState` is while a WebSocket is open. */
const OPEN = 1;
const PROTOCOL = 'holdfast.mux.v1';
const TICKETS_PATH = '/api/ws/tickets';

/** Where and as whom sockets are opened. */
export interface EntranceParts {
  readonly platform: Platform;
  readonly socketUrl: string;
  readonly httpOrigin: string;
  readonly batch: boolean;
  readonly credentials?: Credentials | undefined;
  readonly ticket?: (() => Promise<string>) | undefined;
}

/**
 * Opens sockets. A credential goes into a header where there are headers; in a browser it buys a ticket, which is good
 * once. Without either the browser sends its cookie.
 */
export class Entrance {
  readonly #parts: EntranceParts;

  constructor(parts: EntranceParts) {
    this.#parts = parts;
  }

  /**
   * Opens a socket.
   *
   * @throws MuxError `unreachable`: no socket, of which a browser does not tell why; `credential.refused`, `rate.limited`
   *   with `retryAfterMs`, by what the door for tickets answers.
   */
  async open(credential: string | undefined): Promise<SocketLike> {
    const { platform, socketUrl, batch } = this.#parts;
    const ticket = await this.#ticket(credential);
    const url = ticket === undefined ? socketUrl : `${socketUrl}?ticket=${encodeURIComponent(ticket)}`;
    const hasHeader = credential !== undefined && ticket === undefined;
    const headers: Record<string, string> = hasHeader ? { authorization: `Bearer ${credential}` } : {};
    const protocols = batch ? [`${PROTOCOL}.batch`, PROTOCOL] : [PROTOCOL];
    const socket = await opened(platform.connect(url, protocols, headers), platform);
    // A server that is about to stop closes what it has just opened, and may have done so already.
    if (socket.readyState !== OPEN) throw new MuxError('unreachable', 'The WebSocket was closed at once');
    return socket;
  }

  async #ticket(credential: string | undefined): Promise<string | undefined> {
    const { platform, httpOrigin, ticket } = this.#parts;
    if (ticket !== undefined) return ticket();
    if (credential === undefined || platform.takesHeaders) return undefined;
    const headers = { authorization: `Bearer ${credential}` };
    const answer = await platform.post(`${httpOrigin}${TICKETS_PATH}`, headers).catch((cause: unknown) => {
      throw new MuxError('unreachable', `${httpOrigin} does not answer`, { cause });
    });
    const { status, body, retryAfterMs } = answer;
    const given = (body as { readonly ticket?: unknown } | undefined)?.ticket;
    if (status === 201 && typeof given === 'string') return given;
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
    if (status === 401 || status === 403)
      throw new MuxError('credential.refused', 'There is no ticket for this credential', retry);
    throw new MuxError(status === 429 ? 'rate.limited' : 'unreachable', `No ticket: ${status}`, retry);
  }
}

function opened(socket: SocketLike, platform: Platform): Promise<SocketLike> {
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      cancel();
      socket.onopen = null;
      socket.onclose = null;
      reject(new MuxError('unreachable', 'The WebSocket did not open'));
    };
    const cancel = platform.after(SOCKET_WITHIN_MS, () => {
      fail();
      socket.close();
    });
    socket.onerror = () => undefined;
    socket.onclose = fail;
    socket.onopen = () => {
      cancel();
      resolve(socket);
    };
  });
}
