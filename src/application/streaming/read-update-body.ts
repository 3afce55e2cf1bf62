import { DomainError } from '../../domain/domain-error.ts';
import { MAX_TRANSCRIPT_BYTES } from '../../domain/streaming/chat-session.ts';
import { utf8Length } from './engine/whole-characters.ts';

/** What a client says it received. */
export interface UpdateBody {
  readonly text: string;
  readonly tokensUsed?: number;
}

/**
 * Reads the fields of an update beside its id, which are looked at only once the id has been accepted.
 *
 * @throws DomainError `request.invalid` with the path of every fault.
 */
export function readUpdateBody(fields: { completeResponse: unknown; tokensUsed: unknown }): UpdateBody {
  const { completeResponse, tokensUsed } = fields;
  const errors: Array<{ path: string; message: string }> = [];
  if (typeof completeResponse !== 'string')
    errors.push({ path: 'completeResponse', message: 'must be a string' });
  else if (utf8Length(completeResponse) > MAX_TRANSCRIPT_BYTES) {
    errors.push({ path: 'completeResponse', message: `must have at most ${MAX_TRANSCRIPT_BYTES} bytes` });
  }
  const counts = tokensUsed === undefined || tokensUsed === null || isCount(tokensUsed);
  if (!counts) errors.push({ path: 'tokensUsed', message: 'must be an integer of at least 0' });
  const [first] = errors;
  if (first !== undefined || typeof completeResponse !== 'string') {
    throw new DomainError('request.invalid', `${first?.path}: ${first?.message}`, { errors });
  }
  return { text: completeResponse, ...(isCount(tokensUsed) ? { tokensUsed } : {}) };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
