import { type ClientSession, ObjectId } from 'mongodb';
import type {
  SessionsChange,
  UserChangeOutcome,
} from '../../../../application/ports/identity/user-repository.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import {
  changeUser,
  isEnabledAdmin,
  isOutdated,
  type UserChange,
} from '../../../../domain/identity/change-user.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import { isLiveAt, renewedLogin } from '../../../../domain/identity/login-session.ts';
import type { User } from '../../../../domain/identity/user.ts';
import type { Lanes } from '../lanes.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { decideOnce } from './decide-once.ts';
import { type IdentityCollections, meetAt } from './identity-collections.ts';
import { ADMINS, MAX_MARKS, namesOf, sessionDocument, sessionFrom, userFrom } from './identity-documents.ts';
import type { KeyEnds } from './key-ends.ts';
import type { RevocationAppender, TimedEnd } from './revocation-appender.ts';
import type { SessionEnds } from './session-ends.ts';

/** A change of an account, and what goes with it. */
export interface AccountChange {
  readonly id: UserId;
  readonly change: UserChange;
  readonly sessions?: SessionsChange | undefined;
  readonly audit?: readonly AuditRecord[] | undefined;
}

/** Changes of accounts: one transaction each, with the logins and keys that it ends. */
export class ChangeAccount {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #lanes: Lanes;
  readonly #revocations: RevocationAppender;
  readonly #sessionEnds: SessionEnds;
  readonly #keyEnds: KeyEnds;
  readonly #recordActs: RecordActs;

  constructor(deps: {
    readonly store: MongoStore;
    readonly collections: IdentityCollections;
    readonly lanes: Lanes;
    readonly revocations: RevocationAppender;
    readonly sessionEnds: SessionEnds;
    readonly keyEnds: KeyEnds;
    readonly recordActs: RecordActs;
  }) {
    this.#store = deps.store;
    this.#in = deps.collections;
    this.#lanes = deps.lanes;
    this.#revocations = deps.revocations;
    this.#sessionEnds = deps.sessionEnds;
    this.#keyEnds = deps.keyEnds;
    this.#recordActs = deps.recordActs;
  }

  /** @throws PortError `conflict` when the names of a deleted account are somebody else's. */
  apply(input: AccountChange): Promise<UserChangeOutcome> {
    const decide = (): Promise<UserChangeOutcome> => this.#decide(input);
    return mayEnd(input) ? this.#revocations.ending(decide) : this.#lanes.run(`user/${input.id}`, decide);
  }

  #decide(input: AccountChange): Promise<UserChangeOutcome> {
    const { id: _id, change } = input;
    const mark = new ObjectId();
    return decideOnce<UserChangeOutcome>(this.#store, {
      attempt: (session) => this.#attempt(input, mark, session),
      keeps: (outcome) => outcome === 'changed',
      known: async (session) => {
        const user = await this.#in.users.findOne({ _id }, session && { session });
        if (user?.marks.some((one) => one.equals(mark))) return 'changed';
        if (user !== null && change.deleted !== undefined)
          await this.#requireFree(changeUser(userFrom(user), change));
        return undefined;
      },
    });
  }

  async #attempt(input: AccountChange, mark: ObjectId, session: ClientSession): Promise<UserChangeOutcome> {
    const { id: _id, change, sessions, audit } = input;
    const { users } = this.#in;
    if (mayEnd(input)) await this.#revocations.take(session);
    // Read by a write, so that of two changes of one account the later one sees the other.
    const document = await users.findOneAndUpdate(
      { _id },
      { $push: { marks: { $each: [mark], $slice: -MAX_MARKS } } },
      { session, returnDocument: 'after' },
    );
    if (document === null || document.deletedAtMs !== undefined) return 'not-found';
    const user = userFrom(document);
    if (isOutdated(user, change)) return 'outdated';
    const changed = changeUser(user, change);
    if (isEnabledAdmin(user) && !isEnabledAdmin(changed) && !(await this.#hasOtherAdmin(_id, session))) {
      return 'last-admin';
    }
    const ends = sessions === undefined ? [] : await this.#changeSessions(_id, sessions, mark, session);
    if (ends === 'session-ended') return ends;
    await this.#put(user, changed, document.marks, session);
    const { disabledAtMs } = changed;
    const ended = [...ends];
    if (disabledAtMs !== undefined) {
      const keys = await this.#keyEnds.allIn(_id, { nowMs: disabledAtMs, mark }, session);
      ended.push(...keys.map((apiKeyId) => ({ end: { apiKeyId }, atMs: disabledAtMs })));
    }
    if (sessions !== undefined) {
      const closed = disabledAtMs === undefined ? {} : ({ closed: true } as const);
      ended.push({ end: { userId: _id, ...closed }, atMs: sessions.endSessionsAtMs });
    }
    await this.#revocations.append(ended, session);
    if (audit !== undefined) await this.#recordActs(audit, session);
    return 'changed';
  }

  /** Two who take an enabled admin away meet, so that one of them sees what the other has left. */
  async #hasOtherAdmin(_id: UserId, session: ClientSession): Promise<boolean> {
    await meetAt(this.#in, ADMINS, session);
    const other = await this.#in.users.findOne(
      { role: 'admin', disabledAtMs: { $exists: false }, deletedAtMs: { $exists: false }, _id: { $ne: _id } },
      { session, projection: { _id: 1 } },
    );
    return other !== null;
  }

  async #changeSessions(
    userId: UserId,
    { endSessionsAtMs: nowMs, keepSession, replaceSession }: SessionsChange,
    mark: ObjectId,
    session: ClientSession,
  ): Promise<readonly TimedEnd[] | 'session-ended'> {
    const { sessions } = this.#in;
    const found = replaceSession && (await sessions.findOne({ _id: replaceSession.id }, { session }));
    if (found === null || (found !== undefined && !isLiveAt(sessionFrom(found), nowMs)))
      return 'session-ended';
    const ended = await this.#sessionEnds.allIn(userId, keepSession, { nowMs, mark }, session);
    if (replaceSession !== undefined && found !== undefined) {
      const { by, cookieSha256 } = replaceSession;
      const renewed = renewedLogin(sessionFrom(found), by, nowMs);
      await sessions.insertOne(sessionDocument(renewed, { cookieSha256 }), { session });
    }
    return ended.map((loginSessionId) => ({ end: { loginSessionId }, atMs: nowMs }));
  }

  /** Stores an account as it is now, and its names. */
  async #put(
    before: User,
    { id: _id, ...changed }: User,
    marks: readonly ObjectId[],
    session: ClientSession,
  ): Promise<void> {
    await this.#in.users.replaceOne({ _id }, { ...changed, marks }, { session });
    const had = namesOf(before);
    const has = namesOf({ id: _id, ...changed });
    const given = had.filter((name) => !has.includes(name));
    const taken = has.filter((name) => !had.includes(name));
    if (given.length > 0) await this.#in.names.deleteMany({ _id: { $in: given } }, { session });
    for (const name of taken) await this.#in.names.insertOne({ _id: name, userId: _id }, { session });
  }

  async #requireFree(user: User): Promise<void> {
    const taken = { _id: { $in: [...namesOf(user)] }, userId: { $ne: user.id } };
    if ((await this.#in.names.findOne(taken)) === null) return;
    throw new PortError('conflict', 'store', 'the names of a deleted account are somebody else’s');
  }
}

/** Whether a change may end something, which takes the revocation log first. */
const mayEnd = ({ change, sessions }: AccountChange): boolean =>
  sessions !== undefined || change.deleted !== undefined || typeof change.disabledAtMs === 'number';
