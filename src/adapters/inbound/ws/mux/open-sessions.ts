import type { Budget } from '../../../../application/budget.ts';
import type { ThisNode } from '../../../../application/fleet/this-node.ts';
import type { ClaimSubscription } from '../../../../application/multiplexing/claim-subscription.ts';
import type { EndSubscription } from '../../../../application/multiplexing/end-subscription.ts';
import type { LeaveSubscription } from '../../../../application/multiplexing/leave-subscription.ts';
import type { ResumeSubscription } from '../../../../application/multiplexing/resume-subscription.ts';
import type { WithdrawClaims } from '../../../../application/multiplexing/withdraw-claims.ts';
import type { IdSource } from '../../../../application/ports/id-source.ts';
import { actorOf } from '../../../../domain/audit/audit-actor.ts';
import { DEFAULT_WINDOW_BYTES } from '../../../../domain/multiplexing/credit-window.ts';
import { ownedByOther } from '../../../../domain/multiplexing/subscriber.ts';
import {
  claimedMuxId,
  muxSubscriberId,
  nameWithin,
  SESSION_NAME_BITS,
  type SubscriberId,
} from '../../../../domain/multiplexing/subscriber-id.ts';
import { ownerOf, type SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { Authority } from './authority.ts';
import type { OpenPayload } from './client-payloads.ts';
import { hexOf } from './frame.ts';
import type { Kind, KindSession } from './kinds/kind.ts';
import type { MuxLimits } from './mux-limits.ts';
import { MuxRefusal } from './mux-refusal.ts';
import { MuxSession } from './mux-session.ts';
import type { ReplayBudget } from './replay-budget.ts';
import type { OpenedPayload } from './server-payloads.ts';
import type { SessionHost } from './session-host.ts';

/** The connection that a session is to be opened on. */
export interface OpeningPlace {
  /** A name that no other connection ever has. */
  readonly name: string;
  readonly requestId: string;
  /** The network that its client comes from. */
  readonly network: string;
  readonly host: SessionHost<MuxSession>;
  readonly isClosed: boolean;
  /** Whose connection it is. */
  readonly owner: SubscriberOwner;
  /** What a credential gives; without one, the connection's own authority. @throws DomainError, MuxRefusal, PortError. */
  authorityOf(credential: string | undefined): Promise<Authority>;
  /** Gives a session its handle. */
  admit(session: MuxSession): void;
  /** Tells the client that the session is open, before anything of the session itself. */
  opened(session: MuxSession, payload: OpenedPayload): void;
}

interface Deps {
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly claim: ClaimSubscription;
  readonly resume: ResumeSubscription;
  readonly leave: LeaveSubscription;
  readonly end: EndSubscription;
  readonly withdraw: Pick<WithdrawClaims, 'later'>;
  readonly node: ThisNode;
  readonly ids: IdSource;
  readonly limits: MuxLimits;
  readonly replay: ReplayBudget;
  /** A session is in a new epoch: whatever connection has it in an older one, here or elsewhere, lets go of it. */
  onMoved(id: SubscriberId, epoch: number): void;
}

/** A session that is the client's in the directory, and not yet told to him. */
interface Held {
  readonly session: MuxSession;
  readonly kindSession: KindSession;
  readonly epoch: number;
  readonly token: string;
  readonly isResumed: boolean;
}

/** By what it is opened, and whether its client still waits for it. */
interface By {
  readonly authority: Authority;
  readonly isAwaited: () => boolean;
}

/** Opens sessions, new ones and such as their owner takes back. */
export class OpenSessions {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Opens a session on a connection and tells its client.
   *
   * @param budget what its client waits for it: whatever comes later is undone.
   * @throws DomainError, MuxRefusal or PortError: nothing is open then. A session that could not be taken back all the
   *   way is detached, and its last token is still good.
   */
  async execute(place: OpeningPlace, asked: OpenPayload, budget: Budget): Promise<void> {
    const isAwaited = (): boolean => !place.isClosed && !budget.isSpent;
    const authority = await place.authorityOf(asked.credential);
    const kind = this.#deps.kinds.get(asked.kind);
    if (kind === undefined) throw new MuxRefusal('kind.unknown', 'There is no such kind of session');
    // Its client may be back on another connection, and is not to lose the session to one that is gone.
    if (!isAwaited()) return;
    const by = { authority, isAwaited };
    const held =
      asked.resume === undefined
        ? await this.#claim(place, asked, kind, by)
        : await this.#resume(place, { ...asked, resume: asked.resume }, kind, by);
    const { session, kindSession, epoch, token, isResumed } = held;
    if (!isAwaited()) {
      kindSession.close();
      await this.#undo(place, session.id, held);
      return;
    }
    place.admit(session);
    session.begin(kindSession, { epoch, isResumed });
    place.opened(session, this.#opened(asked, session, kindSession, token));
    // It may have moved on meanwhile, and is closed then.
    if (!session.isOver) kindSession.begin();
  }

  async #claim(
    place: OpeningPlace,
    asked: OpenPayload,
    kind: Kind,
    { authority, isAwaited }: By,
  ): Promise<Held> {
    requireKind(authority, kind);
    const { claim, ids, node } = this.#deps;
    const id = muxSubscriberId(ids.secret(SESSION_NAME_BITS));
    const session = this.#session(place, asked, { id, kind, authority });
    const params = asked.params ?? {};
    const kindSession = await this.#open(place, session, { params });
    try {
      const claimed = await claim.execute({
        ...this.#claimant(place, authority),
        id,
        owner: session.owner,
        kind: kind.name,
        params: JSON.stringify(params),
        holder: { node: node.id, connection: place.name },
        sharing: 'exclusive',
        isAwaited,
      });
      return {
        session,
        kindSession,
        epoch: claimed.state.epoch,
        token: claimed.token ?? '',
        isResumed: false,
      };
    } catch (error) {
      kindSession.close();
      throw error;
    }
  }

  async #resume(
    place: OpeningPlace,
    asked: OpenPayload & Required<Pick<OpenPayload, 'resume'>>,
    kind: Kind,
    { authority, isAwaited }: By,
  ): Promise<Held> {
    const { resume, node } = this.#deps;
    const { sessionId, token, offset } = asked.resume as NonNullable<OpenPayload['resume']>;
    const id = claimedMuxId(sessionId);
    if (id === undefined) throw ownedByOther('unknown');
    const owner = ownerOf(authority.principal);
    const resumed = await resume.execute({
      ...this.#claimant(place, authority),
      id,
      owner,
      kind: kind.name,
      token,
      holder: { node: node.id, connection: place.name },
      isAwaited,
    });
    const { epoch, params } = resumed.state;
    this.#deps.onMoved(id, epoch);
    try {
      requireKind(authority, kind);
      const session = this.#session(place, asked, { id, kind, authority });
      const stored = JSON.parse(params || '{}') as Record<string, unknown>;
      const kindSession = await this.#open(place, session, { params: stored, offset });
      return { session, kindSession, epoch, token: resumed.token, isResumed: true };
    } catch (error) {
      const isGone = error instanceof MuxRefusal && error.code === 'params.invalid';
      // What is behind it is gone for good: there is nothing left to own, unless somebody came back and found something.
      await this.#undo(place, id, { epoch, token: resumed.token, isResumed: !isGone });
      throw error;
    }
  }

  #open(
    place: OpeningPlace,
    session: MuxSession,
    asked: { readonly params: Readonly<Record<string, unknown>>; readonly offset?: number },
  ): Promise<KindSession> {
    const principal = () => session.authority.principal;
    const { owner, kind } = session;
    const replayed = (bytes: number) => this.#deps.replay.charge(owner, bytes);
    return kind.open({ principal, requestId: place.requestId, replayed, ...asked }, session);
  }

  #session(
    place: OpeningPlace,
    asked: OpenPayload,
    {
      id,
      kind,
      authority,
    }: { readonly id: SubscriberId; readonly kind: Kind; readonly authority: Authority },
  ): MuxSession {
    const { limits } = this.#deps;
    const owner = ownerOf(authority.principal);
    return new MuxSession(place.host, {
      // Most are the connection's own owner's, whose name is kept once.
      id,
      kind,
      owner: owner === place.owner ? place.owner : owner,
      authority,
      weight: Math.min(asked.weight ?? limits.weight, limits.weight),
      window: asked.window ?? DEFAULT_WINDOW_BYTES,
    });
  }

  #claimant({ requestId, network }: OpeningPlace, { principal }: Authority) {
    return { actor: actorOf(principal), requestId, network };
  }

  #opened(asked: OpenPayload, session: MuxSession, kind: KindSession, token: string): OpenedPayload {
    const { sessionRate, maxMessageBytes } = this.#deps.limits;
    const { id, kind: carried, authority, epoch } = session;
    return {
      ref: asked.ref,
      handle: hexOf(session),
      sessionId: nameWithin(id),
      kind: carried.name,
      recovered: kind.recovered,
      offset: kind.offset,
      epoch,
      resumeToken: token,
      window: DEFAULT_WINDOW_BYTES,
      limits: {
        ratePerMinute: Math.round((sessionRate.tokens * 60_000) / sessionRate.perMs),
        burst: sessionRate.burst,
        maxMessageBytes,
      },
      permissions: authority.permissions(),
      expiresAt: authority.expiresAtMs ?? null,
    };
  }

  /** Of a new session that its client never heard of, or of one with nothing behind it, nothing is left; any other waits for him. */
  async #undo(
    place: OpeningPlace,
    id: SubscriberId,
    held: Pick<Held, 'epoch' | 'token' | 'isResumed'>,
  ): Promise<void> {
    if (held.isResumed) return this.#leave(place, id, held);
    await this.#deps.end
      .execute({ id, fence: { connection: place.name, epoch: held.epoch } })
      .catch(() => this.#leave(place, id, held));
  }

  async #leave(
    place: OpeningPlace,
    id: SubscriberId,
    { epoch, token }: Pick<Held, 'epoch' | 'token'>,
  ): Promise<void> {
    const { leave, withdraw } = this.#deps;
    const fence = { connection: place.name, epoch };
    await leave.execute({ id, fence }).catch(() => withdraw.later(id, token));
  }
}

function requireKind(authority: Authority, { permission }: Kind): void {
  if (authority.opens(permission)) return;
  throw new MuxRefusal('session.forbidden', 'You may not open sessions of this kind');
}
