import type { AuditRecord } from './audit-record.ts';

/** Where a chain of the audit log stands: its last record's number and code. */
export interface ChainHead {
  /** The id of the chain; its writer made it when it started. */
  readonly chain: string;
  /** The number of the last record; the first is 1. */
  readonly seq: number;
  /** The last record's authentication code. */
  readonly mac: string;
}

/** A record in its place in a chain. */
export interface ChainedRecord extends ChainHead {
  /** When it was written, in Unix milliseconds. */
  readonly atMs: number;
  /** The record's text (`auditText`). */
  readonly text: string;
}

/** The code of a text under the audit key: HMAC-SHA-256 of its UTF-8 form, in hexadecimal. */
export type Authenticate = (text: string) => string;

/** The act with which every chain begins. */
export const CHAIN_START = 'audit.started';

/** What the first record of a chain follows. */
const NOTHING_BEFORE = '0'.repeat(64);

/** What a record's code is made of: the code before it and everything that the record says, its place included. */
const linkText = (previousMac: string, { chain, seq, atMs, text }: Omit<ChainedRecord, 'mac'>): string =>
  previousMac + JSON.stringify([chain, seq, atMs, text]);

/** Puts a text behind the head of a chain, or first in it. */
export function chained(
  place: { readonly chain: string; readonly head: ChainHead | undefined },
  said: { readonly atMs: number; readonly text: string },
  authenticate: Authenticate,
): ChainedRecord {
  const unsigned = { chain: place.chain, seq: (place.head?.seq ?? 0) + 1, ...said };
  return { ...unsigned, mac: authenticate(linkText(place.head?.mac ?? NOTHING_BEFORE, unsigned)) };
}

/** Whether a record's code belongs to it and to the record before it. */
export const isAuthentic = (
  record: ChainedRecord,
  previousMac: string | undefined,
  authenticate: Authenticate,
): boolean => authenticate(linkText(previousMac ?? NOTHING_BEFORE, record)) === record.mac;

/**
 * The first record of a chain. It names the last record that was there when the writer started, so that a chain
 * that is gone, and the end of one that was cut off before then, are missed.
 */
export const chainStart = (
  previous: ChainHead | undefined,
  writer: Readonly<Record<string, string | number>>,
): AuditRecord => ({
  act: CHAIN_START,
  outcome: 'done',
  actor: 'system',
  facts: { ...writer, ...(previous === undefined ? {} : { follows: headText(previous) }) },
});

/** What an anchor's code is made of, which no record's code can stand for. */
const anchorText = (head: ChainHead, atMs: number): string => `anchor ${headText(head)} ${atMs}`;

/** Where a chain was seen to stand, with a code of its own: stored beside the records, it misses a tail. */
export interface ChainAnchor {
  readonly head: ChainHead;
  readonly atMs: number;
  readonly mac: string;
}

/** Notes where a chain stands. */
export const anchored = (head: ChainHead, atMs: number, authenticate: Authenticate): ChainAnchor => ({
  head,
  atMs,
  mac: authenticate(anchorText(head, atMs)),
});

/** Whether an anchor is the writer's own. */
export const isAuthenticAnchor = ({ head, atMs, mac }: ChainAnchor, authenticate: Authenticate): boolean =>
  authenticate(anchorText(head, atMs)) === mac;

/** The head that the first record of a chain names; undefined when it names none. */
export const followedBy = (start: AuditRecord): ChainHead | undefined =>
  typeof start.facts?.follows === 'string' ? headFrom(start.facts.follows) : undefined;

const HEAD = /^([0-9A-Za-z-]{1,64})\.([1-9][0-9]{0,15})\.([0-9a-f]{64})$/;

/** A head in one word, for a log line or a flag: `<chain>.<seq>.<mac>`. */
export const headText = ({ chain, seq, mac }: ChainHead): string => `${chain}.${seq}.${mac}`;

/** Reads a head's word; undefined when it is none. */
export function headFrom(word: string): ChainHead | undefined {
  const [, chain, seq, mac] = HEAD.exec(word) ?? [];
  return chain === undefined || mac === undefined ? undefined : { chain, seq: Number(seq), mac };
}
