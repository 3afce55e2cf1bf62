import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { IdSource } from '../../../application/ports/id-source.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { Permission } from '../../../domain/identity/permission.ts';
import type { Principal } from '../../../domain/identity/principal.ts';

/** How long it may take to find out who asks, in milliseconds; then the connection is cut. */
const ADMISSION_LIMIT_MS = 10_000;
/** How long a client that was refused may take to read that and go, in milliseconds. */
const FAREWELL_MS = 1_000;
/** Most upgrades that are being looked at; more are refused, so that asking costs no more than it may. */
const MAX_PENDING = 256;

/** A connection that was let in; the handshake is still to be answered. */
export interface AdmittedUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client has sent behind its request. */
  readonly head: Buffer;
  readonly principal: Principal;
  readonly requestId: string;
}

/** An address that takes connections over. */
export interface SocketRoute {
  /** The whole path. */
  readonly path: string;
  readonly permission: Permission;
  /** What a refusal of the door's is told as here; itself unless said. */
  refusal?(error: unknown): unknown;
  /** A first look, before anybody finds out who asks, such as at how often he does. @throws whatever the door can tell. */
  greet?(request: IncomingMessage): Promise<void>;
  /** A last look while HTTP can still say no. @throws whatever the door can tell. */
  check?(request: IncomingMessage, principal: Principal): void | Promise<void>;
  /**
   * Takes the connection over at once, such as by `handleUpgrade` of a `ws` server.
   *
   * @throws whatever the door can tell, before the handshake is answered and not after.
   */
  open(upgrade: AdmittedUpgrade): void;
}

/** Who may come in, and how a refusal is told; both by the rules of HTTP, which is still spoken here. */
export interface UpgradeDoor {
  /** @throws when the request is addressed to a name that is not the server's. */
  requireName(request: IncomingMessage): void;
  /** @throws when the request may not come in: from another site, without a good credential, or without the permission. */
  admit(request: IncomingMessage, permission: Permission): Promise<Principal>;
  /** @throws always: there is nothing at this path. */
  refuseUnrouted(): never;
  /** @throws always: too many are being looked at. */
  refuseBusy(): never;
  /** The whole answer that tells an error, after which the connection ends. */
  refusalText(error: unknown, requestId: string): string;
}

interface Deps {
  readonly routes: readonly SocketRoute[];
  readonly door: UpgradeDoor;
  readonly ids: IdSource;
  readonly log: Log;
}

/**
 * Stands before every WebSocket: looks at name, origin, credential and permission while HTTP can still say no, and only
 * then hands the connection to its route (ASVS 5.0, 4.4.2 and 4.4.3).
 */
export class UpgradeGuard {
  readonly #deps: Deps;
  readonly #routes: ReadonlyMap<string, SocketRoute>;
  readonly #open = new Set<Socket>();
  /** One for all sockets, called as each one's. */
  readonly #onClose: (this: Socket) => void;
  #pending = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    const open = this.#open;
    this.#onClose = function forget(this: Socket) {
      open.delete(this);
    };
    this.#routes = new Map(deps.routes.map((route) => [route.path, route]));
  }

  /** Guards a server's upgrades from now on. */
  attach(server: Server): void {
    server.on('upgrade', (request, stream, head) => {
      void this.#onUpgrade(request, stream as Socket, head);
    });
  }

  /** Cuts every connection that came through: the server does not count them among its own. */
  closeAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  async #onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const requestId = this.#deps.ids.uuid();
    this.#open.add(socket);
    socket.on('close', this.#onClose);
    // Whatever becomes of the connection, an error of it is no error of the process.
    socket.on('error', destroy);
    // No timer of the socket's own: what that leaves behind would be kept for as long as the connection.
    const late = setTimeout(destroy.bind(socket), ADMISSION_LIMIT_MS).unref();
    try {
      const { route, principal } = await this.#admit(request);
      if (socket.destroyed || !socket.writable) return;
      route.open({ request, socket, head, principal, requestId });
      // Whoever has taken it over listens himself.
      if (socket.listenerCount('error') > 1) socket.off('error', destroy);
    } catch (error) {
      this.#refuse(socket, error, requestId);
    } finally {
      clearTimeout(late);
    }
  }

  async #admit(request: IncomingMessage): Promise<{ route: SocketRoute; principal: Principal }> {
    const { door } = this.#deps;
    door.requireName(request);
    const route = request.method === 'GET' ? this.#routes.get(pathOf(request)) : undefined;
    if (route === undefined) return door.refuseUnrouted();
    if (this.#pending >= MAX_PENDING) return door.refuseBusy();
    this.#pending += 1;
    try {
      await route.greet?.(request);
      const principal = await door.admit(request, route.permission).catch((error: unknown) => {
        throw route.refusal?.(error) ?? error;
      });
      await route.check?.(request, principal);
      return { route, principal };
    } finally {
      this.#pending -= 1;
    }
  }

  /** Says why, gives the client a moment to read it, and ends the connection. */
  #refuse(socket: Socket, error: unknown, requestId: string): void {
    const { door, log } = this.#deps;
    log.debug({ requestId, err: error }, 'upgrade refused');
    if (socket.destroyed || !socket.writable) return;
    // Counted from now on, not from the last byte: a client that goes on sending must not hold the connection.
    const giveUp = setTimeout(() => socket.destroy(), FAREWELL_MS);
    socket.once('close', () => clearTimeout(giveUp));
    socket.once('end', () => socket.destroy());
    socket.resume();
    socket.end(door.refusalText(error, requestId));
  }
}

function destroy(this: Socket): void {
  this.destroy();
}

/** The path of a request's target, without its query; empty when it has none. */
function pathOf({ url = '' }: IncomingMessage): string {
  return URL.canParse(url, 'http://host') ? new URL(url, 'http://host').pathname : '';
}
