import ipaddr from 'ipaddr.js';
import type { LoginPeer } from '../../../../../application/identity/login-grant.ts';

/** Headers by which proxies say for whom they ask: with one of them a peer on loopback may stand for anybody. */
const FORWARDING_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
] as const;
/** Longest user agent that is kept, in UTF-16 code units. */
const MAX_USER_AGENT_LENGTH = 256;

/** Where a request for a login comes from. */
export function peerOf(request: {
  readonly address: string;
  header(name: string): string | undefined;
}): LoginPeer {
  const { address } = request;
  const forwarded = FORWARDING_HEADERS.some((name) => request.header(name) !== undefined);
  const loopback = ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
  const userAgent = request.header('user-agent')?.slice(0, MAX_USER_AGENT_LENGTH).toWellFormed();
  return { local: loopback && !forwarded, address, ...(userAgent === undefined ? {} : { userAgent }) };
}
