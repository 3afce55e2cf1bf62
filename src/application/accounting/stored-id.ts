import { DomainError } from '../../domain/domain-error.ts';
import { isStreamId, type StreamId } from '../../domain/streaming/stream-id.ts';

/** An id as the ledger may have it; undefined for a text of another form, which it can never have and never voids. */
export const storedId = (text: string): StreamId | undefined => (isStreamId(text) ? text : undefined);

/** The refusal of an id that accounting does not know. */
export const reservationNotFound = (): DomainError =>
  new DomainError('reservation.not_found', 'Streaming session not found');
