import type { UserId } from '../../domain/identity/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { LoginEnd, LoginEnds } from '../ports/identity/login-ends.ts';
import type { DirectoryEntry } from '../ports/identity/principal-directory.ts';
import type { RevocationNews } from '../ports/identity/revocation-feed.ts';
import { REVOCATION_KEPT_MS } from '../ports/identity/revocation-log.ts';
import { PortError } from '../ports/port-error.ts';

/** Who has not heard auth for so long, in milliseconds, lets nobody in. */
export const MAX_UNHEARD_MS = 5_000;
/** Most ends that are remembered at once; with more nobody is let in until some are old enough to be forgotten. */
const MAX_REMEMBERED = 200_000;

/** A user whose account was changed a while ago, and what auth has said of it since. */
export interface ChangedUser {
  readonly untilMs: number;
  account?: Promise<DirectoryEntry | undefined>;
}

/**
 * What a service that runs apart from auth has heard of ended logins and keys: kept for as long as a token of before
 * could live, counted from when it was heard, so that no two clocks are compared. Passes on what it hears.
 */
export class HeardEnds implements LoginEnds {
  readonly #clock: Clock;
  readonly #listeners = new Set<(end: LoginEnd) => void>();
  /** Sessions and keys with the time until which they are remembered; the oldest first. */
  readonly #ended = new Map<string, number>();
  readonly #changed = new Map<UserId, ChangedUser>();
  #caughtUpAtMs = Number.NEGATIVE_INFINITY;
  #onCaughtUp: Array<() => void> = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  subscribe(listener: (end: LoginEnd) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes what auth tells, in its order. */
  hear(news: readonly RevocationNews[]): void {
    const nowMs = this.#clock.nowMs();
    this.#forget(nowMs);
    for (const item of news) {
      if (item.kind === 'caught-up') this.#catchUp(nowMs);
      else if (item.kind === 'reset') this.#tell({ anybody: true });
      else this.#take(item.revocation.end, nowMs);
    }
  }

  /** Auth has been silent for too long: nobody is let in until it is heard again. */
  lose(): void {
    this.#caughtUpAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Takes an end that auth did not tell but answered, of a login whose time was over. */
  conclude(end: LoginEnd): void {
    this.#take(end, this.#clock.nowMs());
  }

  /** @throws PortError `unavailable` unless auth was heard in the last 5 seconds. */
  requireHeard(): void {
    const unheardMs = this.#clock.nowMs() - this.#caughtUpAtMs;
    if (unheardMs < MAX_UNHEARD_MS && this.#remembered < MAX_REMEMBERED) return;
    throw new PortError('unavailable', 'auth', 'auth has not told for a while whose login has ended');
  }

  /** Resolves when auth has been heard for the first time. */
  untilHeard(): Promise<void> {
    if (this.#caughtUpAtMs > 0) return Promise.resolve();
    return new Promise((resolve) => this.#onCaughtUp.push(resolve));
  }

  /** Whether a login session or key is known to have ended. */
  hasEnded(id: string): boolean {
    return this.#ended.has(id);
  }

  /** A user whose account was changed a while ago; undefined when a token that is still good tells all there is. */
  changedUser(id: UserId): ChangedUser | undefined {
    return this.#changed.get(id);
  }

  get #remembered(): number {
    return this.#ended.size + this.#changed.size;
  }

  #take(end: LoginEnd, nowMs: number): void {
    const untilMs = nowMs + REVOCATION_KEPT_MS;
    // Removed first, so that what was heard last stands last.
    if ('userId' in end) {
      this.#changed.delete(end.userId);
      this.#changed.set(end.userId, { untilMs });
    } else if (!('anybody' in end)) {
      const id = 'apiKeyId' in end ? end.apiKeyId : end.loginSessionId;
      this.#ended.delete(id);
      this.#ended.set(id, untilMs);
    }
    this.#tell(end);
  }

  #catchUp(nowMs: number): void {
    this.#caughtUpAtMs = nowMs;
    for (const resolve of this.#onCaughtUp.splice(0)) resolve();
  }

  #forget(nowMs: number): void {
    for (const [id, untilMs] of this.#ended) {
      if (untilMs > nowMs) break;
      this.#ended.delete(id);
    }
    for (const [id, { untilMs }] of this.#changed) {
      if (untilMs > nowMs) break;
      this.#changed.delete(id);
    }
  }

  #tell(end: LoginEnd): void {
    for (const listener of this.#listeners) listener(end);
  }
}
