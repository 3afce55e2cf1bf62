import { type ClientSession, ObjectId } from 'mongodb';
import type { ReplacedCookie } from '../../../../application/ports/identity/login-session-repository.ts';
import { type AuditRecord, withFacts } from '../../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import { isLiveAt, type LoginSession, MAX_LIVE_LOGINS } from '../../../../domain/identity/login-session.ts';
import { Gathered } from '../gathered.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { decideOnce } from './decide-once.ts';
import { type End, type Ended, type EndOfOne, type EndParts, endMany } from './end-many.ts';
import { type IdentityCollections, meetAt } from './identity-collections.ts';
import { loginsOf, type SessionDocument, sessionFrom } from './identity-documents.ts';
import type { RevocationAppender } from './revocation-appender.ts';

/** Most single ends of one write. */
const MAX_ENDS_AT_ONCE = 64;
/** Most logins beyond the limit that one login ends. */
const MAX_SURPLUS_AT_ONCE = 16;

/** Nobody asked for it: the limit did it. */
const SURPLUS_ENDED: AuditRecord = {
  act: 'login.ended',
  outcome: 'done',
  actor: 'system',
  facts: { reason: 'too many' },
};

/** The ends of logins. Each is one transaction with its entry in the revocation log and its records. */
export class SessionEnds {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #revocations: RevocationAppender;
  readonly #recordActs: RecordActs;
  readonly #parts: EndParts;
  readonly #gathered = new Gathered<EndOfOne, Ended>((ends) => this.#endGathered(ends), {
    mostAtOnce: MAX_ENDS_AT_ONCE,
    inFlight: 1,
  });

  constructor(
    store: MongoStore,
    collections: IdentityCollections,
    revocations: RevocationAppender,
    recordActs: RecordActs,
  ) {
    this.#parts = { store, collections, revocations, recordActs };
    this.#store = store;
    this.#in = collections;
    this.#revocations = revocations;
    this.#recordActs = recordActs;
  }

  /** Ends a login that was found; the first end stays. Those that wait for each other are one write. */
  async one(found: SessionDocument, end: End): Promise<Ended> {
    if (found.open === undefined) return { session: sessionFrom(found), isOurs: false };
    return this.#gathered.do({ found, ...end });
  }

  async #endGathered(ends: readonly EndOfOne[]): Promise<readonly Ended[]> {
    const [first] = ends;
    // One alone takes two round trips less.
    if (first !== undefined && ends.length === 1) return [await this.#endAlone(first)];
    return this.#revocations.ending(() => endMany(this.#parts, ends));
  }

  #endAlone({ found, nowMs, audit }: EndOfOne): Promise<Ended> {
    const { _id } = found;
    const mark = new ObjectId();
    const gone: Ended = { session: sessionFrom(found), isOurs: false };
    return this.#revocations.ending(() =>
      decideOnce<Ended>(this.#store, {
        attempt: async (session) => {
          await this.#revocations.append([{ end: { loginSessionId: _id }, atMs: nowMs }], session);
          const ended = await this.#end({ _id, open: true }, nowMs, mark, session);
          if (ended === undefined) {
            const there = await this.#in.sessions.findOne({ _id }, { session });
            return there === null ? gone : { session: sessionFrom(there), isOurs: false };
          }
          await this.#record(ended, { nowMs, audit }, session);
          return { session: { ...sessionFrom(ended), endedAtMs: nowMs }, isOurs: true };
        },
        keeps: ({ isOurs }) => isOurs,
        known: async (session) => {
          const there = await this.#in.sessions.findOne({ _id }, session && { session });
          if (there?.open !== undefined) return undefined;
          if (there === null) return gone;
          return { session: sessionFrom(there), isOurs: there.ending?.equals(mark) === true };
        },
      }),
    );
  }

  /** Ends all logins of a user but one, in a transaction of its own, and gives those it ended. */
  async all(userId: UserId, except: LoginSessionId | undefined, end: End): Promise<LoginSessionId[]> {
    const { nowMs, audit } = end;
    const mark = new ObjectId();
    return this.#revocations.ending(() =>
      decideOnce<LoginSessionId[]>(this.#store, {
        attempt: async (session) => {
          await this.#revocations.take(session);
          // Where nothing ends, this mark alone tells that the records are stored.
          await meetAt(this.#in, loginsOf(userId), session, mark);
          const ended = await this.allIn(userId, except, { nowMs, mark }, session);
          await this.#revocations.append(
            ended.map((loginSessionId) => ({ end: { loginSessionId }, atMs: nowMs })),
            session,
          );
          const told = audit?.map((record) => withFacts(record, { ended: ended.length }));
          if (told !== undefined) await this.#recordActs(told, session);
          return ended;
        },
        keeps: (ended) => ended.length > 0 || audit !== undefined,
        known: (session) => this.#endedBy(mark, userId, session),
      }),
    );
  }

  /** Ends all open logins of a user but one within a transaction; whoever calls appends their ends to the log. */
  async allIn(
    userId: UserId,
    except: LoginSessionId | undefined,
    { nowMs, mark }: { readonly nowMs: number; readonly mark: ObjectId },
    session: ClientSession,
  ): Promise<LoginSessionId[]> {
    const { sessions } = this.#in;
    const others = except === undefined ? {} : { _id: { $ne: except } };
    const open = await sessions
      .find({ userId, open: true, ...others }, { session, projection: { _id: 1 } })
      .toArray();
    const ids = open.map(({ _id }) => _id);
    if (ids.length > 0) {
      await sessions.updateMany(
        { _id: { $in: ids } },
        { $set: { endedAtMs: nowMs, ending: mark }, $unset: { open: true } },
        { session },
      );
    }
    return ids;
  }

  /** Ends what is beyond the number of logins that a user may have, within the transaction that begins one. */
  async surplusIn({ userId, createdAtMs: nowMs }: LoginSession, session: ClientSession): Promise<void> {
    const surplus = await this.#in.sessions
      .find({ userId, open: true }, { session, projection: { _id: 1 } })
      .sort({ createdAtMs: -1, _id: -1 })
      .skip(MAX_LIVE_LOGINS)
      .limit(MAX_SURPLUS_AT_ONCE)
      .toArray();
    for (const { _id } of surplus) {
      const ended = await this.#endAndAppend({ _id }, nowMs, new ObjectId(), session);
      if (ended !== undefined) await this.#record(ended, { nowMs, audit: [SURPLUS_ENDED] }, session);
    }
  }

  /** Ends the live login of a cookie within a transaction, and gives it. */
  async replacedIn(
    { cookieSha256, audit }: ReplacedCookie,
    { nowMs, mark }: { readonly nowMs: number; readonly mark: ObjectId },
    session: ClientSession,
  ): Promise<LoginSession | undefined> {
    const found = await this.#in.sessions.findOne({ cookieSha256, open: true }, { session });
    if (found === null || !isLiveAt(sessionFrom(found), nowMs)) return undefined;
    const ended = await this.#endAndAppend({ _id: found._id }, nowMs, mark, session);
    if (ended === undefined) return undefined;
    await this.#record(ended, { nowMs, audit }, session);
    return { ...sessionFrom(ended), endedAtMs: nowMs };
  }

  async #endAndAppend(
    { _id }: Pick<SessionDocument, '_id'>,
    nowMs: number,
    mark: ObjectId,
    session: ClientSession,
  ): Promise<SessionDocument | undefined> {
    await this.#revocations.append([{ end: { loginSessionId: _id }, atMs: nowMs }], session);
    return this.#end({ _id, open: true }, nowMs, mark, session);
  }

  /** Ends an open login, and gives it as it was. */
  async #end(
    filter: { readonly _id: LoginSessionId; readonly open: true },
    nowMs: number,
    mark: ObjectId,
    session: ClientSession,
  ): Promise<SessionDocument | undefined> {
    const ended = await this.#in.sessions.findOneAndUpdate(
      filter,
      { $set: { endedAtMs: nowMs, ending: mark }, $unset: { open: true } },
      { session, returnDocument: 'before' },
    );
    return ended ?? undefined;
  }

  /** Records the end of a login that was live; a record without actor or object gets the login's. */
  async #record(before: SessionDocument, { nowMs, audit }: End, session: ClientSession): Promise<void> {
    if (audit === undefined || !isLiveAt(sessionFrom(before), nowMs)) return;
    const whose = { actor: before.userId, object: before._id };
    await this.#recordActs(
      audit.map((record) => ({ ...whose, ...record })),
      session,
    );
  }

  async #endedBy(
    mark: ObjectId,
    userId: UserId,
    session?: ClientSession,
  ): Promise<LoginSessionId[] | undefined> {
    const within = session === undefined ? {} : { session };
    // The arbiter first: a commit that comes to be seen between the two looks must not seem to have ended nothing.
    const arbiter = await this.#in.arbiters.findOne({ _id: loginsOf(userId), marks: mark }, within);
    const ended = await this.#in.sessions
      .find({ ending: mark }, { ...within, projection: { _id: 1 } })
      .toArray();
    return arbiter === null && ended.length === 0 ? undefined : ended.map(({ _id }) => _id);
  }
}
