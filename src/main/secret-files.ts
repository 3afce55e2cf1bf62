import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileServiceKeys } from '../adapters/outbound/system/file-service-keys.ts';
import { ConfigError } from './configuration/config-error.ts';
import type { Settings } from './configuration/settings.ts';

/** File of the service key in the data folder, when all services run together. */
const SERVICE_KEY_FILE = 'service-key';
/** Shortest token for /metrics, in characters. */
const MIN_METRICS_TOKEN_CHARACTERS = 16;

type ServiceKeySettings = Pick<Settings, 'service' | 'serviceKeyFile' | 'data' | 'mongodb.url'>;

/**
 * The keys by which the services know each other; made when all run together and there are none.
 *
 * @throws ConfigError with a sentence when the file is missing, open to others or not of its form.
 */
export function openServiceKeys(settings: ServiceKeySettings): FileServiceKeys {
  const { path, create } = serviceKeyPlace(settings);
  try {
    return FileServiceKeys.open(path, { create });
  } catch (error) {
    throw new ConfigError([`serviceKeyFile: ${(error as Error).message}.`], { cause: error });
  }
}

/**
 * Sees to it that `openServiceKeys` would succeed, and makes nothing.
 *
 * @throws ConfigError as it does.
 */
export function checkServiceKeys(settings: ServiceKeySettings): void {
  const { path, create } = serviceKeyPlace(settings);
  if (!create || existsSync(path)) openServiceKeys({ ...settings, service: 'chat', serviceKeyFile: path });
}

function serviceKeyPlace(settings: ServiceKeySettings): { readonly path: string; readonly create: boolean } {
  const { service, serviceKeyFile, data, 'mongodb.url': shared } = settings;
  if (serviceKeyFile !== undefined) {
    return { path: serviceKeyFile, create: service === 'all' && shared === undefined };
  }
  return { path: join(data, SERVICE_KEY_FILE), create: true };
}

/**
 * The token that /metrics asks for.
 *
 * @throws ConfigError with a sentence when it cannot be read or is too short to be a secret.
 */
export function readMetricsToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ConfigError([`metricsTokenFile: ${path} cannot be read.`], { cause: error });
  }
  if (token.length < MIN_METRICS_TOKEN_CHARACTERS) {
    throw new ConfigError([
      `metricsTokenFile: the token in ${path} needs at least ${MIN_METRICS_TOKEN_CHARACTERS} characters.`,
    ]);
  }
  return token;
}
