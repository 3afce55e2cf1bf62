import type { Budget } from '../../../../application/budget.ts';
import type { Authenticate } from '../../../../application/identity/authenticate.ts';
import type { ConfirmSubscription } from '../../../../application/multiplexing/confirm-subscription.ts';
import type { EndSubscription } from '../../../../application/multiplexing/end-subscription.ts';
import type { LeaveSubscriptions } from '../../../../application/multiplexing/leave-subscriptions.ts';
import type { NoteBreach } from '../../../../application/multiplexing/note-breach.ts';
import type { OpenSubscriptions } from '../../../../application/multiplexing/watch-own-subscriptions.ts';
import type { Clock } from '../../../../application/ports/clock.ts';
import type { IdSource } from '../../../../application/ports/id-source.ts';
import type { LoginEnds } from '../../../../application/ports/identity/login-ends.ts';
import type { LongUse } from '../../../../application/ports/identity/long-use.ts';
import type { SessionStatus } from '../../../../application/ports/identity/session-status.ts';
import type { Log } from '../../../../application/ports/log.ts';
import type { Metrics } from '../../../../application/ports/metrics.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import { actorOf } from '../../../../domain/audit/audit-actor.ts';
import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';
import type { SubscriberId } from '../../../../domain/multiplexing/subscriber-id.ts';
import { ownerOf, type SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { TokenBucket } from '../../../../domain/multiplexing/token-bucket.ts';
import type { Shown } from './authority.ts';
import { BufferPool } from './buffer-pool.ts';
import { BREACH_CODES, type ErrorCode } from './codes.ts';
import type { ConnectionKeeper, ConnectionParts, Gone } from './connection-keeper.ts';
import { gatherStats } from './gather-stats.ts';
import { LatestEpochs } from './latest-epochs.ts';
import { LiveCredentials } from './live-credentials.ts';
import { lookAt } from './look-at.ts';
import { MuxConnection } from './mux-connection.ts';
import type { MuxLimits } from './mux-limits.ts';
import type { MuxSession } from './mux-session.ts';
import { MuxStats } from './mux-stats.ts';
import type { OpenRates } from './open-rates.ts';
import type { OpenSessions } from './open-sessions.ts';
import { SessionEnds } from './session-ends.ts';
import { SessionWatch } from './session-watch.ts';
import { showCredential } from './show-credential.ts';
import { TurnClock } from './turn-clock.ts';

/** How often everything that takes its time is looked at, in milliseconds. */
const TICK_MS = 500;
/** How many sockets, and sessions on them, are closed together when the server stops, and the pause after them in milliseconds. */
const DRAIN_SOCKETS = 256;
const DRAIN_SESSIONS = 2_000;
const DRAIN_PAUSE_MS = 50;
/** The longest that clients are told to wait before they come back from a server that stops, in milliseconds. */
const RECONNECT_WITHIN_MS = 2_000;
interface Deps {
  readonly limits: MuxLimits;
  readonly opens: OpenSessions;
  readonly rates: OpenRates;
  readonly confirm: ConfirmSubscription;
  readonly leaveAll: LeaveSubscriptions;
  readonly end: EndSubscription;
  readonly authenticate: Authenticate;
  readonly sessions: SessionStatus;
  readonly loginEnds: LoginEnds;
  readonly use: LongUse;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly log: Log;
  readonly breaches: NoteBreach;
  readonly metrics: Metrics;
  /** The time that an OPEN may take. */
  budget(): Budget;
}

/** Every multiplexed connection of this process: takes them in, watches over their times, and lets them go. */
export class Connections implements ConnectionKeeper<MuxConnection>, OpenSubscriptions {
  readonly limits: MuxLimits;
  readonly clock: Clock;
  readonly turnClock: TurnClock;
  readonly ids: IdSource;
  readonly opens: OpenSessions;
  readonly maxSessions: number;
  readonly pool = new BufferPool();
  readonly stats = new MuxStats();
  readonly #deps: Deps;
  readonly #open = new Map<string, MuxConnection>();
  readonly #counts = new Map<SubscriberOwner, number>();
  readonly #byId = new Map<SubscriberId, MuxSession>();
  readonly #epochs = new LatestEpochs();
  readonly #ends: SessionEnds;
  readonly #watch: SessionWatch;
  readonly #credentials: LiveCredentials<MuxConnection | MuxSession>;
  #isTicking = false;
  #isDraining = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.limits = deps.limits;
    this.clock = deps.clock;
    this.turnClock = new TurnClock(deps.clock);
    this.ids = deps.ids;
    this.opens = deps.opens;
    this.maxSessions = deps.limits.maxSessionsPerConnection;
    this.#ends = new SessionEnds(deps);
    this.#watch = new SessionWatch(deps.limits.sessionTimeoutMs, deps.clock.nowMs());
    this.#credentials = new LiveCredentials(deps, {
      onEnded: (holders) => this.#onEnded(holders),
      onMissed: () => this.letGo(),
    });
    deps.metrics.gather(() => gatherStats(this.stats, this.#open.values()));
  }

  /** How many connections a principal has. */
  countOf(owner: SubscriberOwner): number {
    return this.#counts.get(owner) ?? 0;
  }

  /** Every connection, in the order in which they came. */
  all(): Iterable<MuxConnection> {
    return this.#open.values();
  }

  /** A connection by its name; undefined when it is not open here. */
  named(name: string): MuxConnection | undefined {
    return this.#open.get(name);
  }

  /** Takes a connection in. */
  add(parts: ConnectionParts): MuxConnection {
    const connection = new MuxConnection(this, parts);
    this.#open.set(connection.name, connection);
    this.#counts.set(connection.owner, this.countOf(connection.owner) + 1);
    if (this.#isDraining) connection.close(4000, 'The server stops');
    // The login may have ended between its check and now.
    else this.#credentials.hold(connection);
    if (!this.#isTicking) void this.#tick();
    return connection;
  }

  show = (credential: string): Promise<Shown> => showCredential(this.#deps.authenticate, credential);

  confirm(session: MuxSession, connection: string): Promise<'confirmed' | 'not-held'> {
    const fence = { connection, epoch: session.epoch };
    return this.#deps.confirm.execute({ id: session.id, fence });
  }

  bucketOf(id: SubscriberId): TokenBucket {
    return this.#deps.rates.ofSession(id, this.turnClock.nowMs());
  }

  budget = (): Budget => this.#deps.budget();

  admitOpen = (owner: SubscriberOwner, isResume: boolean): void =>
    this.#deps.rates.admit(owner, isResume, this.clock.nowMs());

  resumeRefused = (owner: SubscriberOwner): void => {
    this.stats.resumes.refused += 1;
    this.#deps.rates.refused(owner, this.clock.nowMs());
  };

  onOpened(session: MuxSession): void {
    const { id } = session;
    if (this.#epochs.isPast(id, session.epoch)) session.close(4501, 'The session is open elsewhere');
    if (session.isOver) return;
    this.#byId.set(id, session);
    this.#watch.watch(session, this.clock.nowMs());
    this.#credentials.hold(session);
  }

  onAuthority(session: MuxSession): void {
    this.#watch.renewed(session);
    this.#credentials.hold(session);
  }

  onRenewed(connection: MuxConnection): void {
    this.#credentials.hold(connection);
  }

  onClosed(session: MuxSession, connection: string, how: Gone): void {
    if (this.#byId.get(session.id) === session) this.#byId.delete(session.id);
    this.#watch.unwatch(session);
    this.#credentials.release(session);
    if (how === 'moved') return;
    const { id } = session;
    const fence = { connection, epoch: session.epoch };
    if (how === 'ended') this.#ends.ended({ id, fence });
    else this.#ends.left({ id, fence, isHeard: session.isHeard || how === 'closed' });
  }

  onGone(connection: MuxConnection): void {
    if (!this.#open.delete(connection.name)) return;
    this.#credentials.release(connection);
    const count = this.countOf(connection.owner) - 1;
    if (count > 0) this.#counts.set(connection.owner, count);
    else this.#counts.delete(connection.owner);
  }

  onError(code: ErrorCode, connection: MuxConnection, session?: MuxSession): void {
    this.stats.error(code);
    if (session !== undefined) session.traffic.refused += 1;
    if (!BREACH_CODES.has(code)) return;
    const { authority } = session ?? connection;
    this.#deps.breaches.execute({
      code,
      owner: session?.owner ?? connection.owner,
      actor: actorOf(authority.principal),
      requestId: connection.requestId,
      ...(session === undefined ? {} : { object: session.id }),
    });
  }

  /** Somebody asks for one more connection than he may have. */
  onCrowded(principal: EndingPrincipal): void {
    const breach = { code: 'limit.connections', owner: ownerOf(principal), actor: actorOf(principal) };
    this.#deps.breaches.execute(breach);
  }

  onMistake(error: unknown, requestId: string): void {
    this.#deps.log.error({ err: error, requestId }, 'a multiplexed connection was closed by a mistake');
  }

  /** What is open here; of one session there is never more than one copy that counts. */
  held(): ReadonlyMap<SubscriberId, MuxSession> {
    return this.#byId;
  }

  /** A session is in another epoch now: a connection that has it in an older one lets go of it. */
  lose(id: SubscriberId, epoch: number): void {
    this.#epochs.heard(id, epoch);
    const session = this.#byId.get(id);
    if (session === undefined || session.epoch >= epoch) return;
    session.close(4501, 'The session is open elsewhere');
  }

  /** A session is over for good: a connection here that has it lets go of it. @returns whether one had it. */
  end(id: SubscriberId, reason = 'The session is over'): boolean {
    const session = this.#byId.get(id);
    if (session === undefined) return false;
    session.close(4502, reason);
    return true;
  }

  /** Everybody has to come back, with his credential and for his sessions. */
  letGo(): void {
    for (const connection of [...this.#open.values()]) connection.close(1001, 'Come back');
  }

  /** Tells everybody that the server is about to stop. */
  goAway(): void {
    for (const connection of this.#open.values()) {
      connection.goAway(Math.ceil(this.ids.fraction() * RECONNECT_WITHIN_MS));
    }
  }

  /** Closes every connection, some at a time, and resolves when the directory knows what became of their sessions. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    while (this.#open.size > 0) {
      let sessions = 0;
      for (const connection of [...this.#open.values()].slice(0, DRAIN_SOCKETS)) {
        sessions += connection.size;
        connection.close(4000, 'The server stops');
        if (sessions >= DRAIN_SESSIONS) break;
      }
      if (this.#open.size > 0) await this.#deps.timers.sleep(DRAIN_PAUSE_MS);
    }
    await this.settled();
  }

  /** Resolves when the directory knows what became of every session that is over here. */
  settled = (): Promise<void> => this.#ends.settled();

  /** A connection that its credential has opened goes with all its sessions. */
  #onEnded(holders: ReadonlyArray<MuxConnection | MuxSession>): void {
    const reason = 'The credential has been ended';
    for (const holder of holders) if (holder instanceof MuxConnection) holder.close(4401, reason);
    for (const holder of holders) {
      if (!(holder instanceof MuxConnection)) holder.close(4401, reason);
    }
  }

  async #tick(): Promise<void> {
    this.#isTicking = true;
    while (this.#open.size > 0) {
      await this.#deps.timers.sleep(TICK_MS);
      const nowMs = this.clock.nowMs();
      const { idle, expired } = this.#watch.advance(nowMs);
      for (const session of idle) session.close(4005, 'Idle');
      for (const session of expired) {
        session.close(4010, 'The credential has expired');
      }
      for (const connection of this.#open.values()) lookAt(connection, nowMs);
      this.#credentials.askSome();
      this.#credentials.tellUses(nowMs);
      this.#ends.tellLater(nowMs);
    }
    this.#isTicking = false;
  }
}
