import { invariant } from '../invariant.ts';

/** A streaming session's name, `stream-<unix ms>-<uuid v4>`; also the name of its reservation. */
export type StreamId = string & { readonly __brand: 'StreamId' };
/** A chat session's opaque id. */
export type ChatId = string & { readonly __brand: 'ChatId' };

const UUID_V4 = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const STREAM_ID = new RegExp(`^stream-([1-9][0-9]{0,15})-${UUID_V4}$`);
const FULL_UUID = new RegExp(`^${UUID_V4}$`);

/**
 * Mints an id from the server's clock and a UUID v4 of the id source.
 *
 * @throws InvariantViolation when either is not of its form.
 */
export function mintStreamId(nowMs: number, uuid: string): StreamId {
  invariant(Number.isSafeInteger(nowMs) && nowMs > 0, `not a time in milliseconds: ${nowMs}`);
  invariant(FULL_UUID.test(uuid), 'a stream id needs a version 4 UUID in lower case');
  return `stream-${nowMs}-${uuid}` as StreamId;
}

/** True when `text` has exactly the form of an id: no other case, no space, no other digits. */
export const isStreamId = (text: unknown): text is StreamId =>
  typeof text === 'string' && STREAM_ID.test(text);

/** The time at which an id was minted, in unix milliseconds. */
export const mintedAtMs = (id: StreamId): number => Number(id.split('-')[1]);

/**
 * Compares two ids in a time that depends on their length alone, so that an answer's timing never
 * tells how many leading characters were right.
 */
export function sameStreamId(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  }
  return difference === 0;
}
