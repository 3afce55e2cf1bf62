import secureJson from 'secure-json-parse';
import { z } from 'zod';
import { MAX_WINDOW_BYTES, MIN_WINDOW_BYTES } from '../../../../domain/multiplexing/credit-window.ts';
import { MAX_WEIGHT, MIN_WEIGHT } from '../../../../domain/multiplexing/fair-queue.ts';
import { type CloseCode, type ErrorCode, isCloseCode } from './codes.ts';
import { CREDIT_BYTES, MAX_PING_BYTES } from './frame.ts';

/** Longest `ref`, by which a client finds the answer to its OPEN, in UTF-16 units. */
export const MAX_REF_UNITS = 64;
/** Longest credential, in UTF-16 units. */
export const MAX_CREDENTIAL_UNITS = 8_192;
/** Longest name of a kind, in UTF-16 units. */
const MAX_KIND_UNITS = 32;
/** Longest session id and resume token that are looked at, in UTF-16 units. */
const MAX_NAME_UNITS = 256;
/** Longest reason of a close, in bytes of UTF-8 (RFC 6455, 5.5). */
export const MAX_REASON_BYTES = 123;
/** Deepest nesting of objects and arrays. */
export const MAX_JSON_DEPTH = 32;
/** Longest JSON of OPEN's `params`, in UTF-16 units: it is stored with the session. */
export const MAX_PARAMS_UNITS = 4_096;

/** What a payload could not be read as. `ref` is the OPEN's, where it could be read. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: Extract<ErrorCode, 'frame.malformed' | 'params.invalid'>;
  readonly message: string;
  readonly ref?: string;
}

/** What a payload says. */
export interface Read<Value> {
  readonly kind: 'read';
  readonly value: Value;
}

const text = (maxUnits: number): z.ZodString => z.string().min(1).max(maxUnits);
const ref = text(MAX_REF_UNITS);
const OPEN = z.object({
  ref,
  kind: text(MAX_KIND_UNITS),
  credential: text(MAX_CREDENTIAL_UNITS).optional(),
  weight: z.int().min(MIN_WEIGHT).max(MAX_WEIGHT).optional(),
  window: z.int().min(MIN_WINDOW_BYTES).max(MAX_WINDOW_BYTES).optional(),
  resume: z
    .object({ sessionId: text(MAX_NAME_UNITS), token: text(MAX_NAME_UNITS), offset: z.int().min(0) })
    .optional(),
  params: z
    .record(z.string(), z.unknown())
    .refine((params) => JSON.stringify(params).length <= MAX_PARAMS_UNITS, 'is too long')
    .optional(),
});
const AUTH = z.object({ credential: text(MAX_CREDENTIAL_UNITS) });
const CLOSE = z.object({
  code: z.int().refine(isCloseCode, 'is not a code of a close'),
  reason: z
    .string()
    .refine(
      (reason) => Buffer.byteLength(reason) <= MAX_REASON_BYTES,
      `has more than ${MAX_REASON_BYTES} bytes`,
    )
    .optional(),
});

/** What OPEN asks for. */
export type OpenPayload = z.infer<typeof OPEN>;
/** What CLOSE says. */
export interface ClosePayload {
  readonly code: CloseCode;
  readonly reason?: string | undefined;
}

/** Reads the payload of OPEN. Never throws. */
export function readOpen(payload: Buffer): Read<OpenPayload> | Refused {
  const object = readObject(payload);
  if (object.kind === 'refused') return object;
  const asked = checked(OPEN, object.value);
  const given = ref.safeParse(object.value.ref);
  return asked.kind === 'refused' && given.success ? { ...asked, ref: given.data } : asked;
}

/** Reads the payload of AUTH. Never throws. */
export function readAuth(payload: Buffer): Read<z.infer<typeof AUTH>> | Refused {
  const object = readObject(payload);
  return object.kind === 'refused' ? object : checked(AUTH, object.value);
}

/** Reads the payload of CLOSE. Never throws. */
export function readClose(payload: Buffer): Read<ClosePayload> | Refused {
  const object = readObject(payload);
  return object.kind === 'refused' ? object : (checked(CLOSE, object.value) as Read<ClosePayload> | Refused);
}

/** Reads the payload of CREDIT, in bytes granted. Never throws. */
export const readCredit = (payload: Buffer): Read<number> | Refused =>
  payload.length === CREDIT_BYTES
    ? { kind: 'read', value: payload.readUInt32BE() }
    : malformed(`CREDIT has ${CREDIT_BYTES} bytes`);

/** Reads the payload of PING and PONG, which is any bytes but not many. Never throws. */
export const readPing = (payload: Buffer): Read<Buffer> | Refused =>
  payload.length <= MAX_PING_BYTES
    ? { kind: 'read', value: payload }
    : malformed(`PING and PONG have at most ${MAX_PING_BYTES} bytes`);

const malformed = (message: string): Refused => ({ kind: 'refused', code: 'frame.malformed', message });

/** Reads a JSON object. A member that is null counts as left out, as in the bodies of HTTP. Never throws. */
export function readObject(payload: Buffer): Read<Record<string, unknown>> | Refused {
  let value: unknown;
  try {
    const json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    // The parser would pass over a byte order mark, which JSON on a wire does not have (RFC 8259, 8.1).
    if (json.startsWith('\ufeff')) return malformed('The payload is not a JSON object');
    value = secureJson.parse(json, undefined, { protoAction: 'error', constructorAction: 'error' });
  } catch {
    return malformed('The payload is not a JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed('The payload is not a JSON object');
  }
  if (!isPlain(value, 0))
    return malformed('The payload is nested too deep, or has characters that no text has');
  const given = Object.entries(value).filter(([, member]) => member !== null);
  return { kind: 'read', value: Object.fromEntries(given) };
}

/** Whether a value has no NUL, no half of a character and no deep nesting, in names as in texts. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_JSON_DEPTH) return false;
  return Object.entries(value).every(([key, member]) => isPlain(key, depth) && isPlain(member, depth + 1));
}

function checked<Value>(schema: z.ZodType<Value>, object: unknown): Read<Value> | Refused {
  const result = schema.safeParse(object);
  if (result.success) return { kind: 'read', value: result.data };
  const [fault] = result.error.issues;
  // The path has our own names alone: what else a client sent is not repeated.
  const message = `${fault?.path.join('.') || 'The payload'} ${fault?.message ?? 'is not valid'}`;
  return { kind: 'refused', code: 'params.invalid', message };
}
