import { type ClientSession, ObjectId } from 'mongodb';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { LoginSessionId } from '../../../../domain/identity/ids.ts';
import { isLiveAt, type LoginSession } from '../../../../domain/identity/login-session.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { decideOnce } from './decide-once.ts';
import type { IdentityCollections } from './identity-collections.ts';
import { type SessionDocument, sessionFrom } from './identity-documents.ts';
import type { RevocationAppender } from './revocation-appender.ts';

/** When a login ends, and what is recorded of that. */
export interface End {
  readonly nowMs: number;
  readonly audit?: readonly AuditRecord[] | undefined;
}

/** A login that has ended, and whether this call did it. */
export interface Ended {
  readonly session: LoginSession;
  readonly isOurs: boolean;
}

/** An end of one login, as it was found. */
export interface EndOfOne extends End {
  readonly found: SessionDocument;
}

/** What ends of logins are written with. */
export interface EndParts {
  readonly store: MongoStore;
  readonly collections: IdentityCollections;
  readonly revocations: RevocationAppender;
  readonly recordActs: RecordActs;
}

/**
 * Ends many logins in one transaction, each with its entry in the revocation log and its records. Of two ends of one login
 * the first is the one that ended it.
 */
export function endMany(parts: EndParts, ends: readonly EndOfOne[]): Promise<Ended[]> {
  const { store, collections, revocations, recordActs } = parts;
  const { sessions } = collections;
  const mark = new ObjectId();
  const ids = [...new Set(ends.map(({ found }) => found._id))];
  const there = (session?: ClientSession): Promise<SessionDocument[]> =>
    sessions.find({ _id: { $in: ids } }, session && { session }).toArray();
  return decideOnce<Ended[]>(store, {
    attempt: async (session) => {
      await revocations.take(session);
      const before = await there(session);
      const open = new Map(before.filter(({ open }) => open !== undefined).map((it) => [it._id, it]));
      const ours = firstOfEach(ends).filter(({ found }) => open.has(found._id));
      if (ours.length > 0) {
        await sessions.bulkWrite(
          ours.map(({ found, nowMs }) => ({
            updateOne: {
              filter: { _id: found._id, open: true },
              update: { $set: { endedAtMs: nowMs, ending: mark }, $unset: { open: true } },
            },
          })),
          { session },
        );
        const entries = ours.map(({ found, nowMs }) => ({
          end: { loginSessionId: found._id },
          atMs: nowMs,
        }));
        await revocations.append(entries, session);
        const records = ours.flatMap((end) => recordsOf(end, open.get(end.found._id)));
        if (records.length > 0) await recordActs(records, session);
      }
      const after = before.map((it) => (open.has(it._id) ? { ...it, ending: mark } : it));
      return outcomes(ends, after, mark);
    },
    keeps: (done) => done.some(({ isOurs }) => isOurs),
    known: async (session) => {
      const now = await there(session);
      // All of them are ended together or none is: one that is open says that nothing was done.
      return now.some(({ open }) => open !== undefined) ? undefined : outcomes(ends, now, mark);
    },
  });
}

function firstOfEach(ends: readonly EndOfOne[]): EndOfOne[] {
  const first = new Map<LoginSessionId, EndOfOne>();
  for (const end of ends) if (!first.has(end.found._id)) first.set(end.found._id, end);
  return [...first.values()];
}

/** The records of an end of a login that was live; one without actor or object gets the login's. */
function recordsOf({ nowMs, audit = [] }: EndOfOne, before: SessionDocument | undefined): AuditRecord[] {
  if (before === undefined || !isLiveAt(sessionFrom(before), nowMs)) return [];
  const whose = { actor: before.userId, object: before._id };
  return audit.map((record) => ({ ...whose, ...record }));
}

function outcomes(ends: readonly EndOfOne[], now: readonly SessionDocument[], mark: ObjectId): Ended[] {
  const byId = new Map(now.map((session) => [session._id, session]));
  const first = new Set(firstOfEach(ends));
  return ends.map((end) => {
    const is = byId.get(end.found._id) ?? end.found;
    const isMarked = is.ending?.equals(mark) === true;
    const endedAtMs = isMarked ? firstEndOf(ends, end).nowMs : is.endedAtMs;
    const session = { ...sessionFrom(is), ...(endedAtMs === undefined ? {} : { endedAtMs }) };
    return { session, isOurs: isMarked && first.has(end) };
  });
}

const firstEndOf = (ends: readonly EndOfOne[], { found }: EndOfOne): EndOfOne =>
  ends.find((other) => other.found._id === found._id) as EndOfOne;
