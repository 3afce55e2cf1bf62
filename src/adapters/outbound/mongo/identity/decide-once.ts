import type { ClientSession } from 'mongodb';
import { decideTransaction } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';

/** A transaction that knows its own mark again. */
export interface MarkedDecision<Out> {
  readonly attempt: (session: ClientSession) => Promise<Out>;
  /** What the mark says that an earlier try has done; undefined when it is not there. */
  readonly known: (session?: ClientSession) => Promise<Out | undefined>;
  /** Whether an outcome is to be stored. All are, unless this says otherwise. */
  readonly keeps?: (outcome: Out) => boolean;
}

/**
 * Decides writes that are there together or not at all, and once: a try that follows another looks for what that may
 * have done in its own snapshot too, since a commit that nobody has confirmed may come to be seen at any moment.
 *
 * @throws PortError `timeout` when the outcome stays unknown, `unavailable` when nothing was written.
 */
export function decideOnce<Out extends object | string | boolean>(
  store: MongoStore,
  { attempt, known, keeps = () => true }: MarkedDecision<Out>,
): Promise<Out> {
  let isRepeat = false;
  let isDone = false;
  return decideTransaction<Out>(store, {
    attempt: async (session) => {
      const done = isRepeat ? await known(session) : undefined;
      isRepeat = true;
      isDone = done !== undefined;
      return done ?? attempt(session);
    },
    keeps: (outcome) => !isDone && keeps(outcome),
    known: () => known(),
  });
}
