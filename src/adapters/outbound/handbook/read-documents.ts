import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Passage, splitPassages } from './passages.ts';

/** Most documents that are read. */
const MAX_DOCUMENTS = 100;
/** Longest part of a document that is read, in bytes. */
const MAX_DOCUMENT_BYTES = 262_144;

/**
 * Reads the product's own documents, `README.md`, `docs/*.md` and `docs/adr/*.md` under a folder, in the
 * order of their names. A document that is not there is left out: a tarball may carry fewer.
 */
export async function readDocuments(root: string): Promise<readonly Passage[]> {
  const listed = [
    'README.md',
    ...(await markdownIn(root, 'docs')),
    ...(await markdownIn(root, join('docs', 'adr'))),
  ];
  const passages: Passage[] = [];
  for (const path of listed.slice(0, MAX_DOCUMENTS)) {
    const text = await readStart(join(root, path));
    if (text !== undefined) passages.push(...splitPassages(path, text));
  }
  return passages;
}

async function markdownIn(root: string, folder: string): Promise<readonly string[]> {
  const names = await unlessMissing(readdir(join(root, folder)));
  return (names ?? [])
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join(folder, name));
}

async function readStart(path: string): Promise<string | undefined> {
  const file = await unlessMissing(open(path, 'r'));
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_DOCUMENT_BYTES), 0, MAX_DOCUMENT_BYTES, 0);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
