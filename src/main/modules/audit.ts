import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Container } from 'inversify';
import type { AuditWriter } from '../../adapters/outbound/sqlite/audit/audit-chain-writer.ts';
import { CryptoIdSource } from '../../adapters/outbound/system/crypto-id-source.ts';
import { openKeyFile } from '../../adapters/outbound/system/key-file.ts';
import { StoredAuditTrail } from '../../application/audit/stored-audit-trail.ts';
import type { Config } from '../config.ts';
import { OperatorError } from '../operator-error.ts';
import { AUDIT_KEEPER } from '../tokens/audit.ts';
import { AUDIT, AUDIT_LOG, CLOCK, LOG, METRICS, TIMERS } from '../tokens.ts';
import { VERSION } from '../version.ts';

/** File of the audit key in the data folder, when the configuration names no other. */
const AUDIT_KEY_FILE = 'audit-key';
/** Most audit keys of one file: the one that signs, and those that older chains were signed with. */
const MAX_AUDIT_KEYS = 100;

/** What of the configuration is about the embedded store. */
export type StoreSettings = Pick<Config, 'data' | 'audit.keyFile'>;

/** Under whose name this process records acts. @throws OperatorError when the key cannot be used. */
export function auditWriterOf(settings: StoreSettings): AuditWriter {
  const [key] = auditKeysOf(settings, { create: true });
  return {
    chain: new CryptoIdSource().uuid(),
    key,
    about: { host: hostname(), pid: process.pid, version: VERSION },
  };
}

/** The audit keys, the one that signs first. @throws OperatorError when the file cannot be used. */
export function auditKeysOf(
  settings: StoreSettings,
  { create }: { readonly create: boolean },
): readonly [string, ...string[]] {
  const path = settings['audit.keyFile'] ?? join(settings.data, AUDIT_KEY_FILE);
  try {
    return openKeyFile(path, { name: 'audit key', create, maxKeys: MAX_AUDIT_KEYS });
  } catch (error) {
    throw new OperatorError(2, `audit.keyFile: ${(error as Error).message}.`, { cause: error });
  }
}

/** Binds what records acts and refusals; the log that they go to is bound with the store. */
export function bindAudit(container: Container): void {
  container
    .bind(AUDIT_KEEPER)
    .toResolvedValue(
      (store, log, metrics, timers, clock) => new StoredAuditTrail({ store, log, metrics, timers, clock }),
      [AUDIT_LOG, LOG, METRICS, TIMERS, CLOCK],
    )
    .inSingletonScope();
  container.bind(AUDIT).toResolvedValue((keeper) => keeper, [AUDIT_KEEPER]);
}
