import ipaddr from 'ipaddr.js';
import type { Settings } from './settings.ts';

/**
 * Finds out whether the cookie of a login may be shared between the hosts of the configured domain; one sentence when
 * not. The Public Suffix List, private entries included, says under which names strangers live next to each other; the
 * library that brings it is loaded only where a domain is configured.
 */
export async function brokenCookieDomain(settings: Settings): Promise<string[]> {
  const { 'cookie.domain': domain, publicUrl } = settings;
  if (domain === undefined) return [];
  const refuse = (why: string): string[] => [`cookie.domain: ${why}`];
  if (ipaddr.isValid(domain.replaceAll(/^\[|\]$/g, ''))) {
    return refuse(`${domain} is an address; a cookie is shared within a domain only.`);
  }
  if (!isPlainName(domain)) {
    return refuse(`${domain} is not a host name as it stands in a URL, such as example.org.`);
  }
  if (!domain.includes('.')) {
    return refuse(`${domain} is a single label; browsers share no cookie within one.`);
  }
  const { getPublicSuffix } = await import('tldts');
  if (getPublicSuffix(domain, { allowPrivateDomains: true }) === domain) {
    return refuse(`${domain} is a public suffix: strangers have hosts below it, and would get the cookie.`);
  }
  if (publicUrl.length === 0) {
    return refuse(
      'it needs --public-url, so that it is known to be a parent of where the server is reached.',
    );
  }
  const outside = publicUrl.filter(({ hostname }) => hostname !== domain && !hostname.endsWith(`.${domain}`));
  return outside.flatMap(({ href }) =>
    refuse(`${domain} is no parent of ${href}, where browsers would refuse the cookie.`),
  );
}

/** Whether a browser would read the text as exactly this host name: no dot at its ends, no capitals, no port. */
function isPlainName(text: string): boolean {
  const url = `http://${text}`;
  return URL.canParse(url) && new URL(url).hostname === text && !text.endsWith('.') && !text.startsWith('.');
}
