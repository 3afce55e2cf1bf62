import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that browsers are given as it lies in the folder. */
export interface WebFile {
  /** Media type, with its character set. */
  readonly type: string;
  readonly text: string;
}

/** What the server tells the page about itself. */
export interface PageFacts {
  readonly version: string;
  /** Accounts whose passwords everybody may know, for a first visit. */
  readonly demo: ReadonlyArray<{ readonly username: string; readonly password: string }>;
}

/** The files of the page, all of them, read once: what is not in the list cannot be asked for. */
export interface WebPage {
  /** Names the files' content; it changes with any of them, so that browsers may keep what they have under it. */
  readonly release: string;
  /** The page itself, with the addresses of its files and what it is told. */
  html(facts: PageFacts): string;
  /** A file by its path below the folder, such as `views/login-view.js`. */
  file(path: string): WebFile | undefined;
}

/** The page's frame; every other file is served beside it. */
const FRAME = 'index.html';
/** Where the files are served, below it their release. */
const FILES_PATH = '/app';
/** Length of a release's name, in hexadecimal digits. */
const RELEASE_DIGITS = 16;

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
};

/**
 * Reads the page's files. Browsers get them as they are: there is no build that a start would wait for.
 *
 * @throws Error when the folder or its frame is missing, or a file is of a kind that is not served.
 */
export function readWebPage(folder: URL = new URL('./browser/', import.meta.url)): WebPage {
  const files = new Map<string, WebFile>();
  const digest = createHash('sha256');
  let frame: string | undefined;
  for (const name of namesIn(fileURLToPath(folder))) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    digest.update(`${name}\0${text}\0`);
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type !== undefined) files.set(name, { type, text });
    else if (name === FRAME) frame = text;
    else throw new Error(`The page has a file of an unknown kind: ${name}`);
  }
  if (frame === undefined) throw new Error(`The page's ${FRAME} is missing`);
  const release = digest.digest('hex').slice(0, RELEASE_DIGITS);
  const address = `${FILES_PATH}/${release}`;
  const page = frame
    .replace('{{links}}', linksTo([...files.keys()], address))
    .replaceAll('{{files}}', address);
  return {
    release,
    html: (facts) => page.replace('{{facts}}', () => escapeAttribute(JSON.stringify(facts))),
    file: (path) => files.get(path),
  };
}

const namesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, `${entry.parentPath}${sep}${entry.name}`).replaceAll(sep, '/'))
    .sort();

/** The styles, and all modules at once: a browser that found them import by import would wait at each level. */
const linksTo = (names: readonly string[], address: string): string =>
  names
    .flatMap((name) => {
      if (name.endsWith('.css')) return [`<link rel="stylesheet" href="${address}/${name}">`];
      return name.endsWith('.js') ? [`<link rel="modulepreload" href="${address}/${name}">`] : [];
    })
    .join('\n');

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

const escapeAttribute = (text: string): string =>
  text.replaceAll(/[&"<>]/g, (character) => ESCAPES[character] ?? '');
