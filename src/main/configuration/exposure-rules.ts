import ipaddr from 'ipaddr.js';
import { isLoopback } from './network-address.ts';
import type { Settings } from './settings.ts';
import type { UpstreamModel } from './upstream-model.ts';

/** Fewest network bits of a range of trusted proxies: wider ones are most of the internet. */
const MIN_PROXY_BITS = { ipv4: 8, ipv6: 7 } as const;

/** Finds what would lay the server, or what it sends, open to others; one sentence each. */
export function exposures(settings: Settings, models: readonly UpstreamModel[]): string[] {
  return [
    ...openDemo(settings),
    ...openAddress(settings),
    ...halfTls(settings),
    ...clearNames(settings),
    ...wideProxies(settings),
    ...clearKeys(settings, models),
    ...clearStores(settings),
    ...uncheckedStores(settings),
  ];
}

/** Finds what is allowed and still worth a word: questions and answers that travel in the clear. */
export function oddExposures(settings: Settings, models: readonly UpstreamModel[]): string[] {
  if (settings.privateNetwork) return [];
  return modelUrls(settings, models)
    .filter(({ url }) => isClear(url))
    .map(({ key, url }) => `${key}: what people ask travels to ${url.host} in the clear; use https there.`);
}

function openDemo({ demo, host, trustedProxy }: Settings): string[] {
  const problems: string[] = [];
  if (demo && !isLoopback(host))
    problems.push(
      `demo: demo accounts have known passwords, so --demo needs a loopback --host, not ${host}.`,
    );
  if (demo && trustedProxy.length > 0) {
    problems.push('demo: demo accounts have known passwords, so --demo cannot run behind --trusted-proxy.');
  }
  return problems;
}

function openAddress(settings: Settings): string[] {
  const { host, publicUrl, trustedProxy, privateNetwork } = settings;
  if (isLoopback(host)) return [];
  const problems: string[] = [];
  if (publicUrl.length === 0) {
    problems.push(
      `host: to listen on ${host}, name the server with --public-url, such as --public-url https://chat.example.org.`,
    );
  }
  if (!servesTls(settings) && trustedProxy.length === 0 && !privateNetwork) {
    problems.push(
      `host: ${host} would serve plain HTTP beyond this machine; give it --tls-cert and --tls-key, or put a TLS proxy before it and name it with --trusted-proxy, or declare --private-network.`,
    );
  }
  return problems;
}

function halfTls(settings: Settings): string[] {
  const { 'tls.cert': cert, 'tls.key': key } = settings;
  if (cert !== undefined && key === undefined) return ['tls.cert: --tls-cert needs its key with --tls-key.'];
  if (cert === undefined && key !== undefined)
    return ['tls.key: --tls-key needs its certificate with --tls-cert.'];
  return [];
}

/** A name that people reach in the clear: every login there would be refused or, worse, be read. */
function clearNames(settings: Settings): string[] {
  const { host, publicUrl, trustedProxy, privateNetwork } = settings;
  const beyond = !isLoopback(host) || trustedProxy.length > 0 || servesTls(settings);
  if (!beyond || privateNetwork) return [];
  return publicUrl
    .filter((url) => isClear(url))
    .map(
      ({ origin }) =>
        `publicUrl: people would reach ${origin} in the clear; use https, or declare --private-network.`,
    );
}

function wideProxies({ trustedProxy }: Settings): string[] {
  return trustedProxy
    .filter((written) => {
      if (!ipaddr.isValidCIDR(written)) return false;
      const [address, bits] = ipaddr.parseCIDR(written);
      return bits < MIN_PROXY_BITS[address.kind()];
    })
    .map(
      (written) =>
        `trustedProxy: ${written} believes whatever anybody says of himself; name the proxies' own addresses.`,
    );
}

/** A key in the clear is a key given away. */
function clearKeys(settings: Settings, models: readonly UpstreamModel[]): string[] {
  if (settings.privateNetwork) return [];
  return modelUrls(settings, models)
    .filter(({ url, keyFile }) => keyFile !== undefined && isClear(url))
    .map(
      ({ key, url }) =>
        `${key}: its key would travel to ${url.host} in the clear; use https, or declare --private-network.`,
    );
}

/** What is stored is everybody's words and everybody's credentials. */
function clearStores(settings: Settings): string[] {
  if (settings.privateNetwork) return [];
  const cures = { 'mongodb.url': 'end it with ?tls=true', 'redis.url': 'begin it with rediss://' } as const;
  return (['mongodb.url', 'redis.url'] as const).flatMap((key) => {
    const url = settings[key];
    if (url === undefined || url.isTls || url.isThisMachine) return [];
    const names = url.hosts.join(', ');
    return [
      `${key}: what is stored would travel to ${names} in the clear; ${cures[key]}, or declare --private-network.`,
    ];
  });
}

function uncheckedStores(settings: Settings): string[] {
  const url = settings['mongodb.url'];
  return ['tlsInsecure', 'tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames']
    .filter((name) => url?.option(name) === 'true')
    .map(
      (name) =>
        `mongodb.url: ${name} makes every certificate count; leave it out, and name a private CA with --tls-ca-file.`,
    );
}

function modelUrls(
  settings: Settings,
  models: readonly UpstreamModel[],
): ReadonlyArray<{ readonly key: string; readonly url: URL; readonly keyFile: string | undefined }> {
  const single = settings['model.url'];
  const listed = models
    .filter(({ url }) => URL.canParse(url))
    .map(({ url, keyFile }, at) => ({ key: `models.${at}.url`, url: new URL(url), keyFile }));
  if (single === undefined) return listed;
  return [{ key: 'model.url', url: single, keyFile: settings['model.keyFile'] }, ...listed];
}

const servesTls = (settings: Settings): boolean =>
  settings['tls.cert'] !== undefined && settings['tls.key'] !== undefined;

const isClear = (url: URL): boolean => url.protocol === 'http:' && !isLoopback(url.hostname);
