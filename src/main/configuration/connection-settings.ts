import { readFileSync } from 'node:fs';
import type { ConnectionUrl } from './connection-url.ts';
import { flagOf, SETTINGS, type SettingKey, variablesOf } from './settings.ts';

const CONNECTIONS = [
  ['mongodb.url', 'mongodb.urlFile'],
  ['redis.url', 'redis.urlFile'],
] as const satisfies ReadonlyArray<readonly [SettingKey, SettingKey]>;

/** Refuses a password that every process of the machine could read. */
export function visibleSecret(key: SettingKey, url: ConnectionUrl): string[] {
  if (!url.hasSecret) return [];
  const [ours, common = ours] = variablesOf(key);
  return [
    `${flagOf(key)} holds a password, and every process of a machine can read flags; give it by ${common} or ${flagOf(key)}-file.`,
  ];
}

/** Puts the URLs that lie in files of their own in their places; one sentence for each that cannot be read. */
export function addConnections(settings: Record<string, unknown>): string[] {
  return CONNECTIONS.flatMap(([key, fileKey]) => {
    const path = settings[fileKey];
    if (typeof path !== 'string') return [];
    if (settings[key] !== undefined)
      return [`${fileKey}: ${flagOf(key)} and ${flagOf(fileKey)} exclude each other.`];
    let text: string;
    try {
      text = readFileSync(path, 'utf8').trim();
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      return [`${fileKey}: ${path} cannot be read (${reason}).`];
    }
    const result = SETTINGS[key].schema.safeParse(text);
    if (!result.success) return [`${fileKey}: ${path} ${result.error.issues[0]?.message ?? 'is not valid'}.`];
    settings[key] = result.data;
    return [];
  });
}
