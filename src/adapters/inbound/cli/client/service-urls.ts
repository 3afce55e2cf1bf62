import { UsageError } from './failures.ts';

/** Where the three services are, without a slash at the end. */
export interface ServiceUrls {
  readonly auth: string;
  readonly accounting: string;
  readonly chat: string;
}

/** One of the three services. */
export type ServiceName = keyof ServiceUrls;

/** Addresses as flags or environment name them. */
export interface AddressOptions {
  /** One origin that answers for all three. */
  readonly url?: string | undefined;
  readonly authUrl?: string | undefined;
  readonly accountingUrl?: string | undefined;
  readonly chatUrl?: string | undefined;
}

/** Where `holdfast serve` answers when nobody says otherwise. */
const DEFAULT_URL = 'http://127.0.0.1:3002';

/**
 * Makes the three addresses from what was given: one origin for all, or one for each, the chat service's being
 * the origin of those that are not named.
 *
 * @throws UsageError for an address that is no plain http or https URL.
 */
export function serviceUrls(options: AddressOptions): ServiceUrls {
  const { url, authUrl, accountingUrl, chatUrl } = options;
  const one = url === undefined ? undefined : baseUrl('--url', url);
  const chat = chatUrl === undefined ? (one ?? DEFAULT_URL) : baseUrl('--chat', chatUrl);
  return {
    auth: authUrl === undefined ? (one ?? chat) : baseUrl('--auth', authUrl),
    accounting: accountingUrl === undefined ? (one ?? chat) : baseUrl('--accounting', accountingUrl),
    chat,
  };
}

/** Whether all three are on this machine, where the demo accounts may be. */
export const areLoopback = (urls: ServiceUrls): boolean =>
  [urls.auth, urls.accounting, urls.chat].every((url) => isLoopbackName(new URL(url).hostname));

/** The addresses to which a password or a token would travel in the clear. */
export const unprotected = (urls: ServiceUrls): string[] =>
  [...new Set([urls.auth, urls.accounting, urls.chat])].filter(
    (url) => url.startsWith('http:') && !isLoopbackName(new URL(url).hostname),
  );

const isLoopbackName = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);

function baseUrl(flag: string, text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && url.username === '' && url.search === '' && url.hash === '';
  if (!isPlain || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`${flag} must be an address like ${DEFAULT_URL}, not ${JSON.stringify(text)}`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
