import ipaddr from 'ipaddr.js';

/** Bits of an IPv6 address that one subscriber has to himself at the least (RFC 6177; RFC 7084). */
const IPV6_NETWORK_BITS = 64;

/**
 * The network that an address stands for where callers are counted: an IPv4 address itself, the /64 of an IPv6 address,
 * within which one host may take any. What a translator makes of IPv4 (RFC 6052) shares a /64 with all others, and
 * stands for itself.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4' || parsed.range() === 'rfc6052') return parsed.toString();
  const written = `${parsed.toNormalizedString()}/${IPV6_NETWORK_BITS}`;
  return `${ipaddr.IPv6.networkAddressFromCIDR(written).toString()}/${IPV6_NETWORK_BITS}`;
}
