import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';
import { PortError } from '../../../application/ports/port-error.ts';

/** The server's code for a key that is there already. */
const DUPLICATE_KEY = 11_000;
/** The server's codes for a write that came to a member which takes none: nothing was done. */
const NOT_PRIMARY: ReadonlySet<number | string | undefined> = new Set([10_107, 13_435]);

/** True when a write was refused because its key is there already; a bulk, when nothing else went wrong with it. */
export function isDuplicateKey(error: unknown): boolean {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return false;
  // A bulk has the code of the first of its failures, whatever the others were.
  return !(error instanceof MongoBulkWriteError) || isOfKeysAlone(error);
}

const isOfKeysAlone = ({ writeErrors, result }: MongoBulkWriteError): boolean =>
  result.getWriteConcernError() === undefined &&
  [writeErrors].flat().every(({ code }) => code === DUPLICATE_KEY);

/** What a command met: a bulk passes for an answer of the server, also where it has found none. */
export const metBy = (error: unknown): unknown =>
  error instanceof MongoBulkWriteError ? error.errorResponse : error;

/** True when the server refused a bulk as a whole, and none of its writes was tried. */
export const isRefusedWhole = (error: MongoBulkWriteError): boolean =>
  error.code !== undefined &&
  [error.writeErrors].flat().length === 0 &&
  error.result.getWriteConcernError() === undefined;

/**
 * The places of the writes of an unordered bulk whose keys are taken, where that is all that went wrong; undefined when
 * anything else did, or when it is not told of each of the writes. A connection that breaks comes as an error of the
 * bulk as well: without a word about any write, or about those of one of its commands alone.
 *
 * @param asked how many writes the bulk had: inserts, or updates that insert what they do not find.
 */
export function takenPlaces(error: unknown, asked: number): readonly number[] | undefined {
  if (!(error instanceof MongoBulkWriteError) || !isOfKeysAlone(error)) return undefined;
  const refusals = [error.writeErrors].flat();
  const answered = error.insertedCount + error.matchedCount + error.upsertedCount + refusals.length;
  if (answered !== asked) return undefined;
  return refusals.map(({ index }) => index);
}

/** True when the server has said that nothing was written. */
const isCertainlyNotWritten = (error: MongoError): boolean =>
  error instanceof MongoServerError && NOT_PRIMARY.has(error.code) && error.result?.writeConcernError == null;

/** A read that failed, as the ports tell it; what is no fault of the store stays as it is. */
export function readFault(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error;
  return new PortError('unavailable', 'store', `MongoDB cannot be read: ${error.message}`, { cause: error });
}

/**
 * A write that failed, as the ports tell it. The driver has tried it twice by then, so that a failure to find a server
 * says nothing of the first try: whatever the server has not refused in words has an unknown outcome.
 */
export function writeFault(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error;
  if (isDuplicateKey(error)) {
    return new PortError('conflict', 'store', 'the key is there already', { cause: error });
  }
  if (isCertainlyNotWritten(error)) {
    return new PortError('unavailable', 'store', `MongoDB takes no writes: ${error.message}`, {
      cause: error,
    });
  }
  return new PortError('timeout', 'store', `MongoDB did not confirm a write: ${error.message}`, {
    cause: error,
  });
}

/** True when a write may or may not have been done. */
export const isUnknownOutcome = (error: unknown): boolean =>
  error instanceof PortError && error.kind === 'timeout';

/** True when a write was refused for its key, in the ports' words. */
export const isConflict = (error: unknown): boolean =>
  error instanceof PortError && error.kind === 'conflict';
