import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { secureContextOf, type TlsPair } from '../../adapters/inbound/http/https-server.ts';
import { ConfigError } from '../configuration/config-error.ts';

/** Permission bits that let anybody but owner and group in, and those of the group. */
const OTHERS = 0o007;
const GROUP = 0o070;
/** Days before its end at which a certificate is warned of. */
const WARNING_DAYS = 14;
const DAY_MS = 86_400_000;

/** Where a certificate, with its chain, and its key lie. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A pair that can be served, and what is to be known of it. */
export interface ReadPair {
  readonly pair: TlsPair;
  readonly expiresAtMs: number;
  /** SHA-256 of the certificate, to tell one from another. */
  readonly fingerprint: string;
  /** Whether the certificate is good for a host name or address. */
  covers(host: string): boolean;
  /** What is odd but no error, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Reads a certificate and its key and sees to it that clients can accept them.
 *
 * @param nowMs undefined while it is not known what time it is: then nothing is said of the certificate's.
 * @throws ConfigError with a sentence for the operator: a file that cannot be read, a key that others can read, a
 *   key of another certificate, a certificate whose time is over or has not come.
 */
export function readTlsPair(files: TlsFiles, nowMs: number | undefined): ReadPair {
  const cert = readPem('tls.cert', files.cert);
  refuseOpenKey(files.key);
  const key = readPem('tls.key', files.key);
  const certificate = parseCertificate(files.cert, cert);
  if (!certificate.checkPrivateKey(parseKey(files.key, key))) {
    throw new ConfigError([
      `tls.key: ${files.key} is not the key of the certificate in ${files.cert}; the server's own certificate comes first in its file.`,
    ]);
  }
  const expiresAtMs = certificate.validToDate.getTime();
  if (nowMs !== undefined) refuseOutOfTime(files.cert, certificate, nowMs);
  try {
    createSecureContext(secureContextOf({ cert, key }));
  } catch (error) {
    throw new ConfigError(
      [`tls.cert: ${files.cert} and ${files.key} cannot be served: ${(error as Error).message}.`],
      { cause: error },
    );
  }
  const soon = nowMs !== undefined && expiresAtMs - nowMs < WARNING_DAYS * DAY_MS;
  return {
    pair: { cert, key },
    expiresAtMs,
    fingerprint: certificate.fingerprint256,
    covers: (host) => coversHost(certificate, host),
    warnings: soon
      ? [`tls.cert: the certificate in ${files.cert} holds until ${dayOf(expiresAtMs)}; renew it.`]
      : [],
  };
}

function readPem(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ConfigError([`${key}: ${path} cannot be read (${reason}).`], { cause: error });
  }
}

/** A key is its owner's alone; one of the superuser may be lent to a group, as certificate tools do. */
function refuseOpenKey(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  const open = (status.mode & OTHERS) !== 0 || ((status.mode & GROUP) !== 0 && status.uid !== 0);
  if (open) throw new ConfigError([`tls.key: others on this machine can read ${path}; chmod 600 it.`]);
}

function parseCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new ConfigError([`tls.cert: ${path} holds no certificate in PEM form.`], { cause: error });
  }
}

function parseKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const locked =
      (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE' || /ENCRYPTED/.test(pem);
    throw new ConfigError(
      [
        locked
          ? `tls.key: the key in ${path} is locked with a passphrase; store it without one, for its owner alone.`
          : `tls.key: ${path} holds no private key in PEM form.`,
      ],
      { cause: error },
    );
  }
}

function refuseOutOfTime(path: string, certificate: X509Certificate, nowMs: number): void {
  const fromMs = certificate.validFromDate.getTime();
  const untilMs = certificate.validToDate.getTime();
  if (nowMs >= untilMs) {
    throw new ConfigError([`tls.cert: the certificate in ${path} expired on ${dayOf(untilMs)}; renew it.`]);
  }
  if (nowMs < fromMs) {
    throw new ConfigError([
      `tls.cert: the certificate in ${path} holds only from ${dayOf(fromMs)} on; set the clock, or use another.`,
    ]);
  }
}

function coversHost(certificate: X509Certificate, host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  return (isIP(bare) === 0 ? certificate.checkHost(bare) : certificate.checkIP(bare)) !== undefined;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
