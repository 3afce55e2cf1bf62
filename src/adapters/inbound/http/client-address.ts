import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Most hops of `X-Forwarded-For` that are looked at. */
const MAX_HOPS = 16;

/** Finds out which address a request really comes from. */
export class ClientAddress {
  readonly #trusted: readonly Range[];

  /** `trusted`: addresses or CIDR ranges of the proxies whose forwarding headers are believed. */
  constructor(trusted: readonly string[]) {
    this.#trusted = trusted.map((written) => {
      if (written.includes('/')) return ipaddr.parseCIDR(written);
      const address = ipaddr.process(written);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    });
  }

  /** The peer, or, behind trusted proxies, the nearest hop before them. */
  of(request: IncomingMessage): string {
    let address = plain(request.socket.remoteAddress ?? '');
    const hops = String(request.headers['x-forwarded-for'] ?? '')
      .split(',')
      .slice(-MAX_HOPS);
    for (let hop = hops.pop(); hop !== undefined && this.#trusts(address); hop = hops.pop()) {
      const candidate = hop.trim();
      if (!ipaddr.isValid(candidate)) break;
      address = plain(candidate);
    }
    return address;
  }

  /** Whether the peer itself is a trusted proxy. */
  isFromProxy(request: IncomingMessage): boolean {
    return this.#trusts(request.socket.remoteAddress ?? '');
  }

  #trusts(written: string): boolean {
    if (!ipaddr.isValid(written)) return false;
    const address = ipaddr.process(written);
    return this.#trusted.some(
      ([range, bits]) => range.kind() === address.kind() && address.match([range, bits] as never),
    );
  }
}

/** An address without the IPv6 form of IPv4. */
const plain = (written: string): string =>
  ipaddr.isValid(written) ? ipaddr.process(written).toString() : written;

/** Headers by which proxies say for whom they ask: with one of them a peer on loopback may stand for anybody. */
export const FORWARDING_HEADERS = [
  'forwarded',
  'forwarded-for',
  'via',
  'x-forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-original-forwarded-for',
  'x-original-host',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-azure-clientip',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'fly-client-ip',
  'cdn-loop',
] as const;

/** Whether an address can only be this very machine. */
export const isLoopbackAddress = (written: string): boolean =>
  ipaddr.isValid(written) && ipaddr.process(written).range() === 'loopback';

/** Whether a request comes from this very machine, and no proxy has forwarded it. */
export const isDirectLoopback = ({ headers, socket }: IncomingMessage): boolean =>
  FORWARDING_HEADERS.every((name) => headers[name] === undefined) &&
  isLoopbackAddress(socket.remoteAddress ?? '');
