import {
  type ClientSession,
  MongoBulkWriteError,
  MongoError,
  MongoErrorLabel,
  MongoServerError,
  MongoWriteConcernError,
} from 'mongodb';
import { PortError } from '../../../application/ports/port-error.ts';
import { isDuplicateKey, isRefusedWhole, readFault } from './mongo-fault.ts';
import type { MongoStore } from './mongo-store.ts';
import { restBefore } from './rest.ts';

/** Longest time in which a write may be tried again, in milliseconds; the last try may still be under way then. */
const DECIDED_WITHIN_MS = 5_000;
/** How often a commit is sent whose outcome stays unknown; the driver sends each twice. */
const COMMIT_ATTEMPTS = 3;

/** How a try failed that is not answered by its error. */
type Failure =
  /** It met another write, and wrote nothing. */
  | 'conflict'
  /** It certainly wrote nothing, and may succeed in a moment. */
  | 'not-done'
  /** Nobody knows whether it wrote. */
  | 'unknown';

/** A write that has to be decided, whatever becomes of its connection. */
export interface Decision<Attempt, Out> {
  /** Tries to write. What it throws is looked at: a conflict or an unknown outcome leads to `known`. */
  readonly attempt: Attempt;
  /** What the database says has become of it; undefined when it is still to be done. Asked until it answers. */
  readonly known: () => Promise<Out | undefined>;
}

/** Writes of one transaction. */
export interface TransactionDecision<Out> extends Decision<(session: ClientSession) => Promise<Out>, Out> {
  /** Whether an outcome is to be stored: else the transaction is undone. All are, unless this says otherwise. */
  readonly keeps?: (outcome: Out) => boolean;
}

/**
 * Decides a single conditional write: when its outcome is unknown, the database is asked by id, and the write is tried
 * again only when it says that nothing is there.
 *
 * @throws PortError `timeout` when the outcome stays unknown, `unavailable` when nothing was written.
 */
export const decideWrite = <Out>(
  store: MongoStore,
  { attempt, known }: Decision<() => Promise<Out>, Out>,
): Promise<Out> => decide(store, { attempt, known }, failureOfWrite);

/**
 * Decides writes that are there together or not at all. Nothing of a transaction is there before its commit is sent, so
 * only what happens to the commit can leave its outcome unknown.
 *
 * @throws PortError `timeout` when the outcome stays unknown, `unavailable` when nothing was written.
 */
export function decideTransaction<Out>(
  store: MongoStore,
  { attempt, known, keeps = () => true }: TransactionDecision<Out>,
): Promise<Out> {
  let committing = false;
  const once = async (): Promise<Out> => {
    committing = false;
    const session = store.startSession();
    try {
      session.startTransaction({
        readConcern: { level: 'snapshot' },
        readPreference: 'primary',
        writeConcern: { w: 'majority', journal: true },
      });
      const outcome = await attempt(session);
      if (!keeps(outcome)) return outcome;
      committing = true;
      await commit(session);
      return outcome;
    } finally {
      // What is not committed is undone by the end of the session, also where the server cannot be reached.
      await session.endSession().catch(() => undefined);
    }
  };
  return decide(store, { attempt: once, known }, (error) => failureOfTransaction(error, committing));
}

/** A commit may be repeated; one that the server has not heard of would leave the transaction open, in everybody's way. */
async function commit(session: ClientSession): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      const isUnknown =
        error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult);
      if (!isUnknown || attempt >= COMMIT_ATTEMPTS) throw error;
    }
  }
}

async function decide<Out>(
  store: MongoStore,
  { attempt, known }: Decision<() => Promise<Out>, Out>,
  failureOf: (error: unknown) => Failure | undefined,
): Promise<Out> {
  const untilMs = performance.now() + DECIDED_WITHIN_MS;
  let isUnknown = false;
  let isTold = true;
  for (let round = 1; ; round += 1) {
    let cause: unknown;
    // A try after one of which nobody knows might meet what that has written, and take it for another's.
    if (isTold) {
      try {
        return await store.attempt(attempt);
      } catch (error) {
        // What the store has not sent changes nothing about a try before, of which nobody knows what has become.
        const failure: Failure | undefined = isUnknown && isUnsent(error) ? 'unknown' : failureOf(error);
        if (failure === undefined) throw readFault(error);
        isUnknown ||= failure === 'unknown';
        cause = error;
      }
    }
    isTold = true;
    const outcome = await store.attempt(known).catch((error: unknown) => {
      cause = error;
      isTold = !isUnknown;
      return undefined;
    });
    if (outcome !== undefined) return outcome;
    if (performance.now() > untilMs) throw undecided(isUnknown, cause);
    await restBefore(round);
  }
}

/** A write that no transaction holds may be carried out while its connection breaks; the driver repeats it once by itself. */
function failureOfWrite(error: unknown): Failure | undefined {
  if (!(error instanceof MongoError)) return undefined;
  if (isDuplicateKey(error)) return 'conflict';
  return isRefusal(error) ? undefined : 'unknown';
}

function failureOfTransaction(error: unknown, committing: boolean): Failure | undefined {
  if (!(error instanceof MongoError)) return undefined;
  if (isDuplicateKey(error)) return 'conflict';
  if (error.hasErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult)) return 'unknown';
  if (error.hasErrorLabel(MongoErrorLabel.TransientTransactionError)) return 'conflict';
  if (isRefusal(error)) return undefined;
  return committing ? 'unknown' : 'not-done';
}

/**
 * True when the server answered that it does not do it, and not because it is going away or waited in vain. A bulk of
 * which a part failed, or that a majority has not confirmed, is done to some part.
 */
function isRefusal(error: MongoError): boolean {
  if (error.hasErrorLabel(MongoErrorLabel.RetryableWriteError)) return false;
  if (error instanceof MongoBulkWriteError) return isRefusedWhole(error);
  return error instanceof MongoServerError && !(error instanceof MongoWriteConcernError);
}

const isUnsent = (error: unknown): boolean => error instanceof PortError && error.kind === 'unavailable';

const undecided = (isUnknown: boolean, cause: unknown): PortError =>
  isUnknown
    ? new PortError('timeout', 'store', 'nobody knows yet whether it is written', { cause })
    : new PortError('unavailable', 'store', 'it could not be written', { cause });
