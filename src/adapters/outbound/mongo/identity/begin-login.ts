import { type ClientSession, ObjectId } from 'mongodb';
import type { ReplacedCookie } from '../../../../application/ports/identity/login-session-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import { isLiveAt, type LoginSession } from '../../../../domain/identity/login-session.ts';
import type { Lanes } from '../lanes.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { RecordActs } from '../record-acts.ts';
import { decideOnce } from './decide-once.ts';
import { type IdentityCollections, meetAt } from './identity-collections.ts';
import { loginsOf, type SessionDocument, sessionDocument, sessionFrom } from './identity-documents.ts';
import type { RevocationAppender } from './revocation-appender.ts';
import type { SessionEnds } from './session-ends.ts';

/** Most sessions past their absolute time that one login forgets. */
const MAX_FORGOTTEN_AT_ONCE = 16;

/** A login that begins. */
export interface Beginning {
  readonly session: LoginSession;
  readonly secret: Pick<SessionDocument, 'cookieSha256' | 'refreshSha256'>;
  readonly replaced?: ReplacedCookie | undefined;
  readonly audit?: readonly AuditRecord[] | undefined;
}

/** What a beginning has ended of the cookie before it. */
interface Begun {
  readonly ended?: LoginSession;
}

/** The beginnings of logins: one transaction each, with all that it ends. */
export class BeginLogin {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #lanes: Lanes;
  readonly #revocations: RevocationAppender;
  readonly #ends: SessionEnds;
  readonly #recordActs: RecordActs;

  constructor(deps: {
    readonly store: MongoStore;
    readonly collections: IdentityCollections;
    readonly lanes: Lanes;
    readonly revocations: RevocationAppender;
    readonly ends: SessionEnds;
    readonly recordActs: RecordActs;
  }) {
    this.#store = deps.store;
    this.#in = deps.collections;
    this.#lanes = deps.lanes;
    this.#revocations = deps.revocations;
    this.#ends = deps.ends;
    this.#recordActs = deps.recordActs;
  }

  /** Begins a login, and gives the one of the cookie that it replaces when this has ended it. */
  async begin(beginning: Beginning): Promise<LoginSession | undefined> {
    const { session, replaced } = beginning;
    const decide = (): Promise<Begun> => this.#decide(beginning);
    await this.#store.write(() => this.#forgetExpired(session.createdAtMs));
    const isEnding = replaced !== undefined && (await this.#isLive(replaced, session.createdAtMs));
    const { ended } = await this.#lanes.run(loginsOf(session.userId), () =>
      isEnding ? this.#revocations.ending(decide) : decide(),
    );
    return ended;
  }

  #decide({ session: login, secret, replaced, audit }: Beginning): Promise<Begun> {
    const { sessions, tokens } = this.#in;
    const { id: _id, userId, createdAtMs: nowMs } = login;
    const mark = new ObjectId();
    return decideOnce<Begun>(this.#store, {
      attempt: async (session) => {
        // Whoever begins for this user at the same time gives way here, so that the limit is one for all.
        await meetAt(this.#in, loginsOf(userId), session);
        await sessions.insertOne(sessionDocument(login, secret), { session });
        const { refreshSha256 } = secret;
        if (refreshSha256 !== undefined) {
          await tokens.insertOne({ _id: refreshSha256, sessionId: _id }, { session });
        }
        if (audit !== undefined) await this.#recordActs(audit, session);
        await this.#ends.surplusIn(login, session);
        const ended = replaced && (await this.#ends.replacedIn(replaced, { nowMs, mark }, session));
        return ended === undefined ? {} : { ended };
      },
      known: (session) => this.#known(_id, replaced, mark, session),
    });
  }

  async #known(
    _id: LoginSession['id'],
    replaced: ReplacedCookie | undefined,
    mark: ObjectId,
    session?: ClientSession,
  ): Promise<Begun | undefined> {
    const within = session && { session };
    if ((await this.#in.sessions.findOne({ _id }, within)) === null) return undefined;
    if (replaced === undefined) return {};
    const { cookieSha256 } = replaced;
    const ended = await this.#in.sessions.findOne({ cookieSha256, ending: mark }, within);
    return ended === null ? {} : { ended: sessionFrom(ended) };
  }

  async #isLive({ cookieSha256 }: ReplacedCookie, nowMs: number): Promise<boolean> {
    const found = await this.#store.read(() => this.#in.sessions.findOne({ cookieSha256 }));
    return found !== null && isLiveAt(sessionFrom(found), nowMs);
  }

  /** A session past its absolute time answers everything as an unknown one does, so it need not be kept. */
  async #forgetExpired(nowMs: number): Promise<void> {
    const { sessions, tokens } = this.#in;
    const expired = await sessions
      .find({ expiresAtMs: { $lte: nowMs } }, { projection: { _id: 1 }, limit: MAX_FORGOTTEN_AT_ONCE })
      .toArray();
    if (expired.length === 0) return;
    const ids = expired.map(({ _id }) => _id);
    await tokens.deleteMany({ sessionId: { $in: ids } });
    await sessions.deleteMany({ _id: { $in: ids } });
  }
}
