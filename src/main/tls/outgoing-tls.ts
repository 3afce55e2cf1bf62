import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { ConfigError } from '../configuration/config-error.ts';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
/** Most certificates of one file. */
const MAX_CERTIFICATES = 100;

/**
 * The certificates of a file of private CAs.
 *
 * @param name what the sentences call the setting or flag.
 * @throws ConfigError with a sentence when it cannot be read or holds something else.
 */
export function readPrivateCas(path: string, name: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ConfigError([`${name}: ${path} cannot be read (${reason}).`], { cause: error });
  }
  const certificates = text.match(PEM) ?? [];
  try {
    if (certificates.length === 0 || certificates.length > MAX_CERTIFICATES)
      throw new Error('none, or too many');
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch (error) {
    throw new ConfigError([`${name}: ${path} must hold 1 to ${MAX_CERTIFICATES} certificates in PEM form.`], {
      cause: error,
    });
  }
  return certificates;
}

/**
 * From now on every TLS connection out of this process also accepts what these CAs vouch for. Nothing makes one accept
 * what nobody vouches for.
 *
 * @throws ConfigError where Node.js is too old to be told, as the first releases of 24 are.
 */
export function trustPrivateCas(certificates: readonly string[]): void {
  if (typeof tls.setDefaultCACertificates !== 'function') {
    throw new ConfigError([
      `A private CA needs Node.js 24.5 or newer and this is ${process.versions.node}; npx holdfast runs on the one that npm has installed with it.`,
    ]);
  }
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...certificates]);
}
