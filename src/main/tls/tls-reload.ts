import type { TlsPair } from '../../adapters/inbound/http/https-server.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Metrics } from '../../application/ports/metrics.ts';
import { ConfigError } from '../configuration/config-error.ts';
import type { ReadPair } from './tls-pair.ts';

/** When the certificate that is served expires, in seconds since 1970, for an alarm before that. */
export function tellExpiry(metrics: Metrics, { expiresAtMs }: ReadPair): void {
  metrics.gauge('holdfast_tls_certificate_expires_seconds', Math.floor(expiresAtMs / 1000));
}

/**
 * Reads the certificate and its key again at every SIGHUP. Connections that there are live on with what they have
 * agreed; new ones get the new pair. A pair that cannot be used is told in the log, and the old one stays.
 *
 * @returns what ends it.
 */
export function reloadAtHangup(parts: {
  /** Reads and checks the pair anew; throws ConfigError. */
  readonly read: () => ReadPair;
  /** Serves a pair from now on. */
  readonly serve: (pair: TlsPair) => void;
  readonly log: Log;
  readonly metrics: Metrics;
}): () => void {
  const { read, serve, log, metrics } = parts;
  const onHangup = (): void => {
    try {
      const found = read();
      serve(found.pair);
      tellExpiry(metrics, found);
      for (const warning of found.warnings) log.warn({}, warning);
      const expires = new Date(found.expiresAtMs).toISOString();
      log.info({ fingerprint: found.fingerprint, expires }, 'the TLS certificate was read anew');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error(
        { problems: error.problems },
        `the TLS certificate stays as it was, because the new one cannot be used: ${error.problems.join(' ')}`,
      );
    }
  };
  process.on('SIGHUP', onHangup);
  return () => process.off('SIGHUP', onHangup);
}
