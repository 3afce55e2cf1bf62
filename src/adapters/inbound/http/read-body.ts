import type { IncomingMessage } from 'node:http';
import getRawBody from 'raw-body';
import secureJson from 'secure-json-parse';
import { DomainError } from '../../../domain/domain-error.ts';
import { HttpRefusal } from './problem.ts';

/** Largest body of a route that does not say otherwise, in bytes. */
export const DEFAULT_MAX_BODY_BYTES = 262_144;
/** Deepest nesting of objects and arrays in a body. */
export const MAX_BODY_DEPTH = 32;

/**
 * Reads a request's JSON body.
 *
 * @param opaqueFields fields of the body that its route refuses itself, whatever is in them.
 * @throws HttpRefusal 415 for another content type or an encoding, 413 beyond `maxBytes`; DomainError
 *   `request.invalid` for broken UTF-8, broken JSON, NUL, lone surrogates, prototype keys and deep nesting,
 *   with the path of the fault.
 */
export async function readJsonBody(
  request: IncomingMessage,
  maxBytes: number,
  opaqueFields?: readonly string[],
): Promise<unknown> {
  requireJson(request);
  const bytes = await readBytes(request, maxBytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw invalid('', 'is not valid UTF-8');
  }
  let value: unknown;
  try {
    value = secureJson.parse(text, undefined, { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    const forbidden = error instanceof SyntaxError && error.message.includes('forbidden prototype');
    throw invalid('', forbidden ? 'has a key that is not allowed' : 'is not valid JSON');
  }
  requirePlain(value, '', 0, opaqueFields);
  return value;
}

function requireJson(request: IncomingMessage): void {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new HttpRefusal(415, 'request.content_type', 'The body must be application/json');
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HttpRefusal(415, 'request.content_encoding', 'The body must not be compressed');
  }
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  try {
    return await getRawBody(request, { limit: maxBytes });
  } catch (error) {
    if ((error as { type?: string }).type === 'entity.too.large') throw tooLarge(maxBytes);
    throw new HttpRefusal(400, 'request.body_cut', 'The body ended before it was complete');
  }
}

const tooLarge = (maxBytes: number): HttpRefusal =>
  new HttpRefusal(413, 'request.too_large', `The body may have at most ${maxBytes} bytes`);

const invalid = (path: string, message: string): DomainError =>
  new DomainError('request.invalid', path === '' ? `The body ${message}` : `The field ${path} ${message}`, {
    errors: [{ path, message }],
  });

/** Refuses what no field of any route may hold, unknown fields included. */
function requirePlain(
  value: unknown,
  path: string,
  depth: number,
  opaqueFields: readonly string[] = [],
): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw invalid(path, 'must not contain NUL');
    if (!value.isWellFormed()) throw invalid(path, 'must be well-formed Unicode');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_BODY_DEPTH) throw invalid(path, `is nested deeper than ${MAX_BODY_DEPTH} levels`);
  for (const [key, member] of Object.entries(value)) {
    if (opaqueFields.includes(key)) continue;
    requirePlain(member, path === '' ? key : `${path}.${key}`, depth + 1);
  }
}
