import { crc32 } from './crc32.ts';
import type { ApiKeyId } from './ids.ts';

/** What every API key begins with, by which scanners find a leaked one and the server tells it from a token. */
export const API_KEY_PREFIX = 'hf_';
/** Random bits of an API key's secret. */
export const API_KEY_SECRET_BITS = 256;

/** Characters of the id, of the secret (256 bits in base64url) and of the checksum. */
const ID_LENGTH = 12;
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const KEY_LENGTH = API_KEY_PREFIX.length + ID_LENGTH + 1 + SECRET_LENGTH + CHECKSUM_LENGTH;

const ID = /^[a-z0-9]{12}$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The random bits at the end of a UUID v4, which 12 digits in base 36 can hold. */
const ID_BITS = 2n ** 62n - 1n;

/** An API key whose form and checksum are right, though nobody knows yet whether it was ever made. */
export interface ApiKeyText {
  readonly id: ApiKeyId;
  /** The whole key. A secret. */
  readonly text: string;
}

/** True when `text` has the form of an API key's id. */
export const isApiKeyId = (text: string): text is ApiKeyId => ID.test(text);

/** Makes an API key's id from a UUID v4 of the id source. */
export const apiKeyIdFrom = (uuid: string): ApiKeyId =>
  (BigInt(`0x${uuid.replaceAll('-', '')}`) & ID_BITS).toString(36).padStart(ID_LENGTH, '0') as ApiKeyId;

/**
 * Writes an API key: `hf_<id>_<secret><checksum>`. The checksum is the CRC-32 of everything before it, as six digits
 * in base 62 (`0-9A-Za-z`, the highest first), so that a mistyped or cut key is told without looking anything up.
 *
 * `hf_000000000000_` and 43 times `A` has the checksum `3csmEb`.
 */
export function apiKeyText(id: ApiKeyId, secret: string): string {
  const head = `${API_KEY_PREFIX}${id}_${secret}`;
  return head + checksumOf(head);
}

/**
 * Reads an API key. It is read from the right, because the secret may hold `_` and `-`: six characters of checksum, 43
 * of secret, then the id. Undefined when it has another form or another checksum.
 */
export function readApiKey(text: string): ApiKeyText | undefined {
  if (text.length !== KEY_LENGTH || !text.startsWith(API_KEY_PREFIX)) return undefined;
  const head = text.slice(0, -CHECKSUM_LENGTH);
  const secret = head.slice(-SECRET_LENGTH);
  const id = head.slice(API_KEY_PREFIX.length, -SECRET_LENGTH - 1);
  if (head.at(-SECRET_LENGTH - 1) !== '_' || !isApiKeyId(id) || !SECRET.test(secret)) return undefined;
  return text.slice(-CHECKSUM_LENGTH) === checksumOf(head) ? { id, text } : undefined;
}

function checksumOf(head: string): string {
  let rest = crc32(head);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
