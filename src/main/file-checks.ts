import { statSync } from 'node:fs';
import { checkDataFolder, DataFolderRefused } from '../adapters/outbound/sqlite/data-folder.ts';
import { auditAuthenticators } from './audit-keys.ts';
import type { Config } from './config.ts';
import { ConfigError } from './configuration/config-error.ts';
import { isLoopback } from './configuration/network-address.ts';
import { checkModels } from './modules/models.ts';
import { checkServiceKeys, readMetricsToken } from './secret-files.ts';
import { readPrivateCas } from './tls/outgoing-tls.ts';
import { type ReadPair, readTlsPair, type TlsFiles } from './tls/tls-pair.ts';

/** Permission bits of those who are neither owner nor of his group. */
const OTHERS = 0o007;

/** What the files and folders that a configuration names come to. */
export interface CheckedFiles {
  /** Every mistake, one sentence each; with one of them nothing starts. */
  readonly problems: readonly string[];
  /** What is odd but no error, one sentence each. */
  readonly warnings: readonly string[];
  /** The certificate that is to be served. */
  readonly tls?: ReadPair;
  /** Certificates of private CAs that vouch for whom this process calls. */
  readonly privateCas: readonly string[];
}

/**
 * Reads every file that a configuration names, as a start would, and makes and changes none.
 *
 * @param nowMs undefined while it is not known what time it is: then nothing is said of a certificate's.
 */
export function checkFiles(config: Config, nowMs: number | undefined): CheckedFiles {
  const problems: string[] = [];
  const attempt = <T>(check: () => T): T | undefined => {
    try {
      return check();
    } catch (error) {
      if (error instanceof ConfigError) problems.push(...error.problems);
      else if (error instanceof DataFolderRefused) problems.push(`data: ${error.message}`);
      else throw error;
      return undefined;
    }
  };
  const { metricsTokenFile, data } = config;
  const caFile = config['tls.caFile'];
  const files = tlsFilesOf(config);
  const tls = files && attempt(() => readTlsPair(files, nowMs));
  const privateCas = caFile === undefined ? undefined : attempt(() => readPrivateCas(caFile, 'tls.caFile'));
  if (metricsTokenFile !== undefined) attempt(() => readMetricsToken(metricsTokenFile));
  attempt(() => checkDataFolder(data));
  attempt(() => checkServiceKeys(config));
  attempt(() => auditAuthenticators(config));
  attempt(() => checkModels(config));
  return {
    problems,
    warnings: [
      ...(tls === undefined ? [] : [...tls.warnings, ...uncovered(config, tls)]),
      ...lentSecrets(config),
    ],
    privateCas: privateCas ?? [],
    ...(tls === undefined ? {} : { tls }),
  };
}

/** Where the certificate and its key lie; undefined when plain HTTP is spoken. */
export function tlsFilesOf(config: Pick<Config, 'tls.cert' | 'tls.key'>): TlsFiles | undefined {
  const { 'tls.cert': cert, 'tls.key': key } = config;
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** Public names that the certificate is not good for; behind a proxy that may well be meant so. */
function uncovered({ publicUrl, trustedProxy }: Config, tls: ReadPair): string[] {
  if (trustedProxy.length > 0) return [];
  return publicUrl
    .filter(({ hostname }) => !isLoopback(hostname) && !tls.covers(hostname))
    .map(({ hostname }) => `tls.cert: the certificate is not good for ${hostname}; browsers will refuse it.`);
}

/** Secrets of other kinds that others can read: mounted ones often are, inside a container of their own. */
function lentSecrets(config: Config): string[] {
  const { metricsTokenFile, 'model.keyFile': keyFile, models } = config;
  const named: ReadonlyArray<readonly [string, string | undefined]> = [
    ['metricsTokenFile', metricsTokenFile],
    ['model.keyFile', keyFile],
    ['mongodb.urlFile', config['mongodb.urlFile']],
    ['redis.urlFile', config['redis.urlFile']],
    ...models.map((model, at) => [`models.${at}.keyFile`, model.keyFile] as const),
  ];
  return named
    .filter(([, path]) => path !== undefined && isOpen(path))
    .map(([key, path]) => `${key}: others on this machine can read ${path}; chmod 600 it.`);
}

const isOpen = (path: string): boolean =>
  ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS) !== 0;
