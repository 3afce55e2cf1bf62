import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ClientAddress, isLoopbackAddress } from './client-address.ts';
import { HttpRefusal } from './problem.ts';

/** Most hops of `X-Forwarded-Proto` and `Forwarded` that are looked at; a longer list is not believed to be https. */
const MAX_HOPS = 16;

/** By which way requests reach the server, where that decides whether a secret may travel on it. */
export interface Way {
  /** Addresses or CIDR ranges of the proxies whose word on the client's way is believed. */
  readonly trustedProxies: readonly string[];
  /** Whether the operator declares that nobody listens on the network that peers come from. */
  readonly privateNetwork: boolean;
}

/**
 * Tells whether a request came by a way on which nobody else reads a password, a token or a cookie: by TLS, from this
 * machine, over a network declared private, or through a trusted proxy that does not report `http`.
 *
 * A proxy's word is `X-Forwarded-Proto` and the `proto` of `Forwarded` (RFC 7239). Where several hops have written,
 * every one of them must say https: which of them the client wrote itself cannot be told, and a client that lies
 * `http` denies itself only. A trusted proxy that says nothing is believed to have checked for itself.
 */
export class ConfidentialWay {
  readonly #addresses: ClientAddress;
  readonly #privateNetwork: boolean;

  constructor({ trustedProxies, privateNetwork }: Way) {
    this.#addresses = new ClientAddress(trustedProxies);
    this.#privateNetwork = privateNetwork;
  }

  /** Whether a secret may travel on this request and its answer; for upgrades as well. */
  holds(request: IncomingMessage): boolean {
    if (this.#addresses.isFromProxy(request)) return reportedSchemes(request).every(isHttps);
    if (this.#privateNetwork || request.socket instanceof TLSSocket) return true;
    return isLoopbackAddress(request.socket.remoteAddress ?? '');
  }

  /** @throws HttpRefusal 403 `request.in_the_clear` when no secret may travel on it. */
  require(request: IncomingMessage): void {
    if (this.holds(request)) return;
    throw new HttpRefusal(
      403,
      'request.in_the_clear',
      'This needs https: what you send here could be read on its way',
    );
  }
}

/** What the proxies say of the schemes by which they were asked, in lower case. */
function reportedSchemes({ headersDistinct }: IncomingMessage): string[] {
  const plain = (headersDistinct['x-forwarded-proto'] ?? []).flatMap((line) => line.split(','));
  const standard = (headersDistinct.forwarded ?? [])
    .flatMap((line) => line.split(/[,;]/))
    .map((pair) => /^\s*proto\s*=\s*"?([^"]*)"?\s*$/i.exec(pair)?.[1])
    .filter((scheme) => scheme !== undefined);
  const schemes = [...plain, ...standard].map((scheme) => scheme.trim().toLowerCase());
  return schemes.length > MAX_HOPS ? ['too many'] : schemes;
}

const isHttps = (scheme: string): boolean => scheme === 'https' || scheme === 'wss';
