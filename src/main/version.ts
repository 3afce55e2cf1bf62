import { readFileSync } from 'node:fs';

/** The program's version, as its package says: the same place from the sources and from a packed installation. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
