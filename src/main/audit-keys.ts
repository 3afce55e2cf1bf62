import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ChainWriter } from '../adapters/outbound/mongo/audit/chain-end.ts';
import { type AuditWriter, authenticator } from '../adapters/outbound/sqlite/audit/audit-chain-writer.ts';
import { CryptoIdSource } from '../adapters/outbound/system/crypto-id-source.ts';
import { openKeyFile } from '../adapters/outbound/system/key-file.ts';
import type { Authenticate } from '../domain/audit/audit-chain.ts';
import type { Config } from './config.ts';
import { ConfigError } from './configuration/config-error.ts';
import { VERSION } from './version.ts';

/** File of the audit key in the data folder, when the configuration names no other. */
const AUDIT_KEY_FILE = 'audit-key';
/** Most audit keys of one file: the one that signs, and those that older chains were signed with. */
const MAX_AUDIT_KEYS = 100;

/** What of the configuration is about the store. */
export type StoreSettings = Pick<Config, 'data' | 'audit.keyFile' | 'mongodb.url' | 'takeBack'>;

/**
 * Under whose name this process records acts in its own store; makes the key if there is none.
 *
 * @throws ConfigError with a sentence when the key cannot be used.
 */
export function auditWriterOf(settings: StoreSettings): AuditWriter {
  const [key] = read(settings, true);
  return { chain: new CryptoIdSource().uuid(), key, about: aboutThisProcess() };
}

/**
 * Under whose name this process records acts in a fleet, where every node has the same key.
 *
 * @throws ConfigError with a sentence when the key cannot be used.
 */
export function chainWriterOf(settings: StoreSettings): ChainWriter {
  const [signs, ...others] = read(settings, false);
  return {
    newChain: () => new CryptoIdSource().uuid(),
    keys: [authenticator(signs), ...others.map(authenticator)],
    about: aboutThisProcess(),
  };
}

const aboutThisProcess = (): ChainWriter['about'] => ({
  host: hostname(),
  pid: process.pid,
  version: VERSION,
});

/**
 * What verifies the audit log; nothing when there is no key.
 *
 * @throws ConfigError with a sentence when the key cannot be used.
 */
export function auditAuthenticators(settings: StoreSettings): readonly Authenticate[] {
  const { 'mongodb.url': fleet, 'audit.keyFile': named } = settings;
  const isDue = fleet !== undefined && named !== undefined;
  return isDue || existsSync(pathOf(settings)) ? read(settings, false).map(authenticator) : [];
}

const pathOf = (settings: StoreSettings): string =>
  settings['audit.keyFile'] ?? join(settings.data, AUDIT_KEY_FILE);

function read(settings: StoreSettings, create: boolean): readonly [string, ...string[]] {
  try {
    return openKeyFile(pathOf(settings), { name: 'audit key', create, maxKeys: MAX_AUDIT_KEYS });
  } catch (error) {
    throw new ConfigError([`audit.keyFile: ${(error as Error).message}.`], { cause: error });
  }
}
