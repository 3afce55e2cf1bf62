import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A key as nodes have it in common. */
function writeKey(folder: string, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  return path;
}

/** Makes, in a folder, the keys that all nodes of a fleet have; returns the environment that names them. */
export function sharedKeys(folder: string): NodeJS.ProcessEnv {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    HOLDFAST_AUDIT_KEY_FILE: writeKey(folder, 'audit-key'),
    HOLDFAST_SERVICE_KEY_FILE: writeKey(folder, 'service-key'),
  };
}
