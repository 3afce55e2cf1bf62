import type { LoginPeer } from '../../../../../application/identity/login-grant.ts';
import { FORWARDING_HEADERS, isLoopbackAddress } from '../../client-address.ts';
import { networkOf } from '../../network-of.ts';

/** Longest user agent that is kept, in UTF-16 code units. */
const MAX_USER_AGENT_LENGTH = 256;

/** Where a request for a login comes from. */
export function peerOf(request: {
  readonly address: string;
  header(name: string): string | undefined;
}): LoginPeer {
  const { address } = request;
  const forwarded = FORWARDING_HEADERS.some((name) => request.header(name) !== undefined);
  const userAgent = request.header('user-agent')?.slice(0, MAX_USER_AGENT_LENGTH).toWellFormed();
  return {
    local: isLoopbackAddress(address) && !forwarded,
    address,
    network: networkOf(address),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
