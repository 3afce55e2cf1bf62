import type {
  LoginSessionRepository,
  ReplacedCookie,
  RotationOutcome,
} from '../../../../application/ports/identity/login-session-repository.ts';
import type { AuditRecord } from '../../../../domain/audit/audit-record.ts';
import type { LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import { isLiveAt, isUseDue, type LoginSession, usedAt } from '../../../../domain/identity/login-session.ts';
import { decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import type { BeginLogin } from './begin-login.ts';
import { type Exchange, exchangeToken } from './exchange-token.ts';
import type { IdentityCollections } from './identity-collections.ts';
import { type SessionDocument, sessionFrom } from './identity-documents.ts';
import type { SessionEnds } from './session-ends.ts';

/** Login sessions in MongoDB. Those past their absolute time are forgotten by later logins. */
export class MongoLoginSessionRepository implements LoginSessionRepository {
  readonly #store: MongoStore;
  readonly #in: IdentityCollections;
  readonly #begin: BeginLogin;
  readonly #ends: SessionEnds;

  constructor(store: MongoStore, collections: IdentityCollections, begin: BeginLogin, ends: SessionEnds) {
    this.#store = store;
    this.#in = collections;
    this.#begin = begin;
    this.#ends = ends;
  }

  async begin(session: LoginSession, refreshSha256: string, audit?: readonly AuditRecord[]): Promise<void> {
    await this.#begin.begin({ session, secret: { refreshSha256 }, audit });
  }

  beginCookie(
    session: LoginSession,
    cookieSha256: string,
    replaced?: ReplacedCookie,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined> {
    return this.#begin.begin({ session, secret: { cookieSha256 }, replaced, audit });
  }

  async findByCookie(cookieSha256: string): Promise<LoginSession | undefined> {
    const found = await this.#store.read(() => this.#in.sessions.findOne({ cookieSha256 }));
    return found === null ? undefined : sessionFrom(found);
  }

  /** Written where the last use is still the one that was read, so that no use takes back what another has moved. */
  touch(
    id: LoginSessionId,
    { nowMs, idleMs }: { readonly nowMs: number; readonly idleMs: number },
  ): Promise<boolean> {
    return decideWrite(this.#store, {
      attempt: async () => {
        const found = await this.#in.sessions.findOne({ _id: id });
        if (found === null || !isLiveAt(sessionFrom(found), nowMs)) return false;
        if (!isUseDue(sessionFrom(found), nowMs, idleMs)) return true;
        const { lastUsedAtMs, idleEndsAtMs = found.expiresAtMs } = usedAt(sessionFrom(found), nowMs, idleMs);
        const { matchedCount } = await this.#in.sessions.updateOne(
          { _id: id, open: true, lastUsedAtMs: found.lastUsedAtMs },
          { $set: { lastUsedAtMs, idleEndsAtMs } },
        );
        return matchedCount === 1 || this.isLive(id, nowMs);
      },
      // It may be done twice.
      known: async () => undefined,
    });
  }

  async rotate(
    spentSha256: string,
    nextSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<RotationOutcome> {
    const exchange = { spentSha256, nextSha256, nowMs };
    const outcome = await decideWrite<Exchange>(this.#store, {
      attempt: () => exchangeToken(this.#in, exchange),
      known: async () => undefined,
    });
    if (outcome.kind !== 'spent') return outcome;
    const { session, isOurs } = await this.#ends.one(outcome.document, { nowMs, audit });
    return isOurs ? { kind: 'reused', session } : { kind: 'unknown' };
  }

  async endByToken(
    refreshSha256: string,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<LoginSession | undefined> {
    const token = await this.#store.read(() => this.#in.tokens.findOne({ _id: refreshSha256 }));
    const found = token === null ? undefined : await this.#document(token.sessionId);
    return found && (await this.#ends.one(found, { nowMs, audit })).session;
  }

  async end(id: LoginSessionId, nowMs: number, audit?: readonly AuditRecord[]): Promise<void> {
    const found = await this.#document(id);
    if (found !== undefined) await this.#ends.one(found, { nowMs, audit });
  }

  async endOneOf(
    userId: UserId,
    id: LoginSessionId,
    nowMs: number,
    audit?: readonly AuditRecord[],
  ): Promise<boolean> {
    const found = await this.#document(id);
    if (found === undefined || found.userId !== userId || !isLiveAt(sessionFrom(found), nowMs)) return false;
    return (await this.#ends.one(found, { nowMs, audit })).isOurs;
  }

  endAllOf(
    userId: UserId,
    nowMs: number,
    except?: LoginSessionId,
    audit?: readonly AuditRecord[],
  ): Promise<readonly LoginSessionId[]> {
    return this.#ends.all(userId, except, { nowMs, audit });
  }

  async isLive(id: LoginSessionId, nowMs: number): Promise<boolean> {
    const found = await this.#document(id);
    return found !== undefined && isLiveAt(sessionFrom(found), nowMs);
  }

  async listLive(userId: UserId, nowMs: number, limit: number): Promise<readonly LoginSession[]> {
    // To MongoDB a limit of 0 is none.
    if (limit === 0) return [];
    const live = this.#in.sessions
      .find({
        userId,
        open: true,
        expiresAtMs: { $gt: nowMs },
        $or: [{ idleEndsAtMs: { $exists: false } }, { idleEndsAtMs: { $gt: nowMs } }],
      })
      .sort({ createdAtMs: -1, _id: -1 })
      .limit(limit);
    return (await this.#store.read(() => live.toArray())).map(sessionFrom);
  }

  async #document(id: LoginSessionId): Promise<SessionDocument | undefined> {
    return (await this.#store.read(() => this.#in.sessions.findOne({ _id: id }))) ?? undefined;
  }
}
