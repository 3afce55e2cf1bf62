import { DomainError } from '../domain-error.ts';
import { isStreamId, type StreamId } from './stream-id.ts';

/** Why an update's id was refused: for log and audit, never for the caller. */
export type IdRefusal = 'missing' | 'malformed' | 'unknown' | 'foreign' | 'older' | 'expired';

/** The one refusal of an id, the same for every cause; only log and audit learn the cause. */
export const idMismatch = (cause: IdRefusal): DomainError =>
  new DomainError('stream.id_mismatch', 'Streaming session ID mismatch', { internal: { cause } });

/**
 * Reads the id that a caller sent.
 *
 * @throws DomainError `stream.id_mismatch` when it is missing or not of an id's exact form.
 */
export function readClaimedId(claimed: unknown): StreamId {
  if (claimed === undefined || claimed === null || claimed === '') throw idMismatch('missing');
  if (!isStreamId(claimed)) throw idMismatch('malformed');
  return claimed;
}
