import { DomainError } from '../../../domain/domain-error.ts';
import type { AttemptCounter, AttemptCounters } from '../../ports/identity/attempt-counters.ts';
import { PortError } from '../../ports/port-error.ts';
import { WaitingLines } from './waiting-lines.ts';

/** Wrong passwords for one account from one network before waits begin. */
const FREE_GUESSES = 10;
/** The first wait, in milliseconds; each wrong password after it doubles the next. */
const BASE_WAIT_MS = 1_000;
/** Longest wait before another guess at one account, in milliseconds: nobody can lock its owner out for longer. */
const MAX_WAIT_MS = 60_000;
/** How long wrong passwords for one account from one network are remembered from the first on, in milliseconds. */
const REMEMBERED_MS = 3_600_000;
/** Wrong passwords for one account from all networks in a minute: this many times what one network has before waits. */
const EVERYWHERE_FACTOR = 2;
/** Wrong passwords, for whichever accounts, from one network in `NETWORK_WINDOW_MS`. */
const NETWORK_GUESSES = 100;
const NETWORK_WINDOW_MS = 600_000;
/** Sign-ups from one network in `SIGN_UP_WINDOW_MS`. */
const SIGN_UPS = 500;
const SIGN_UP_WINDOW_MS = 3_600_000;
/** How long a network from which the right password came is known for its account, in milliseconds: 30 days. */
const KNOWN_MS = 2_592_000_000;
/** Guesses at one account from one network that are checked at once. */
const PAIR_PLACES = 4;
/** Passwords from one network that are hashed or wait to be at once, so that it cannot fill the queue of all. */
const NETWORK_PLACES = 16;

/** How much an operator allows; what is absent is as above. */
export interface ThrottleSettings {
  /** Wrong passwords for one account from one network before waits begin. */
  readonly accountFailures?: number;
  /** Wrong passwords, or unknown refresh tokens, from one network in ten minutes. */
  readonly networkFailures?: number;
  /** Sign-ups from one network in an hour. */
  readonly networkSignUps?: number;
}

/** A guess at the password of an account. */
export interface Guess {
  /** The folded username, whether or not there is such an account. */
  readonly account: string;
  /** The network that the guess comes from; all that come from nowhere known are one. */
  readonly network: string | undefined;
}

/** What became of a guess; a throttled one was not looked at. */
export type GuessOutcome =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'throttled'; readonly refusal: DomainError };

/**
 * Slows down whoever guesses passwords, and never locks anybody out (ASVS 5.0, 6.1.1 and 6.3.1).
 *
 * Only wrong passwords count. A guess is counted before its password is looked at and given back when it was right, so
 * that guesses which race count as well. Wrong guesses at an account from one network make that network wait for it,
 * longer each time up to a minute; those from everywhere together share a few a minute, which the networks that the
 * account was lately logged in from do not need: who guesses elsewhere does not keep its owner out.
 */
export class LoginThrottle {
  readonly #free: number;
  readonly #perNetwork: number;
  /** Wrong guesses at an account from a network. */
  readonly #failures: AttemptCounter;
  /** The wait of an account and a network: whoever is counted may guess once while it lasts. */
  readonly #waits: AttemptCounter;
  readonly #everywhere: AttemptCounter;
  readonly #networks: AttemptCounter;
  readonly #known: AttemptCounter;
  readonly #refreshes: AttemptCounter;
  readonly #signUps: AttemptCounter;
  readonly #pairLines = new WaitingLines(PAIR_PLACES);
  readonly #networkLines = new WaitingLines(NETWORK_PLACES);

  constructor(given: { readonly counters: AttemptCounters; readonly settings?: ThrottleSettings }) {
    const { accountFailures, networkFailures, networkSignUps } = given.settings ?? {};
    const open = (name: string, limit: number, windowMs: number): AttemptCounter =>
      given.counters.open({ name, limit, windowMs });
    this.#free = accountFailures ?? FREE_GUESSES;
    this.#perNetwork = networkFailures ?? NETWORK_GUESSES;
    this.#failures = open('login-failures', Number.MAX_SAFE_INTEGER, REMEMBERED_MS);
    this.#waits = open('login-waits', 1, BASE_WAIT_MS);
    this.#everywhere = open('login-everywhere', this.#free * EVERYWHERE_FACTOR, MAX_WAIT_MS);
    this.#networks = open('login-networks', this.#perNetwork, NETWORK_WINDOW_MS);
    this.#known = open('login-known', 1, KNOWN_MS);
    this.#refreshes = open('refresh-networks', this.#perNetwork, NETWORK_WINDOW_MS);
    this.#signUps = open('sign-up-networks', networkSignUps ?? SIGN_UPS, SIGN_UP_WINDOW_MS);
  }

  /**
   * Whether `check` finds the password right. It is not called when the guess comes too soon; when it throws, nothing
   * was guessed.
   *
   * @throws PortError `unavailable` when too many wait or attempts cannot be counted; what `check` throws.
   */
  async guess(guess: Guess, check: () => Promise<boolean>): Promise<GuessOutcome> {
    const network = guess.network ?? '';
    const pair = `${network} ${guess.account}`;
    const counted = (): Promise<GuessOutcome> => this.#counted(guess.account, network, pair, check);
    const inTurn = () => this.#networkLines.through(network, counted, full);
    const refusal = await this.#mustWait(pair, network);
    return refusal === undefined ? this.#pairLines.through(pair, inTurn, full) : throttled(refusal);
  }

  /**
   * Does the work of a sign-up, which counts whether or not it succeeds, because its answer tells which names are taken.
   *
   * @throws DomainError `login.throttled`; PortError `unavailable`; what `work` throws.
   */
  async signUp<Result>(network: string | undefined, work: () => Promise<Result>): Promise<Result> {
    const key = network ?? '';
    const counted = async (): Promise<Result> => {
      const outcome = await this.#signUps.count(key);
      if (outcome.kind === 'refused') throw tooMany('Too many sign-ups', outcome.retryAfterMs);
      return work();
    };
    return this.#networkLines.through(key, counted, full);
  }

  /**
   * Counts a refresh token that nobody has; answers the refusal when they were too many. A good token is never turned
   * away: they cannot be guessed, and a neighbour's broken client must not log everybody behind an address out.
   *
   * @throws PortError `unavailable`.
   */
  async countUnknownRefresh(network: string | undefined): Promise<DomainError | undefined> {
    const outcome = await this.#refreshes.count(network ?? '');
    if (outcome.kind === 'counted') return undefined;
    return tooMany('Too many unknown refresh tokens', outcome.retryAfterMs);
  }

  /** How long who has to wait anyway, and so stands in no line, has to wait, in milliseconds. */
  async #mustWait(pair: string, network: string): Promise<number | undefined> {
    const wait = await this.#waits.look(pair);
    if (wait !== undefined) return wait.endsInMs;
    const guesses = await this.#networks.look(network);
    return guesses !== undefined && guesses.count >= this.#perNetwork ? guesses.endsInMs : undefined;
  }

  async #counted(
    account: string,
    network: string,
    pair: string,
    check: () => Promise<boolean>,
  ): Promise<GuessOutcome> {
    const taken = new TakenCounts();
    const retryAfterMs = await this.#count(taken, account, network, pair);
    if (retryAfterMs !== undefined) {
      await taken.giveBack();
      return throttled(retryAfterMs);
    }
    let right = true;
    try {
      right = await check();
    } finally {
      if (right) await taken.giveBack();
    }
    if (!right) return { kind: 'wrong' };
    await this.#welcome(pair);
    return { kind: 'right' };
  }

  /** Counts a guess wherever it counts; answers how long to wait, in milliseconds, when it comes too soon. */
  async #count(
    taken: TakenCounts,
    account: string,
    network: string,
    pair: string,
  ): Promise<number | undefined> {
    const known = await this.#known.look(pair);
    const refused =
      (await taken.take(this.#networks, network)) ??
      (known === undefined ? await taken.take(this.#everywhere, account) : undefined) ??
      (await taken.take(this.#failures, pair));
    if (refused !== undefined || taken.lastCount <= this.#free) return refused;
    return taken.take(this.#waits, pair, this.#waitMs(taken.lastCount));
  }

  /** The wait that a guess begins when it is the `failures`th wrong one. */
  #waitMs(failures: number): number {
    return Math.min(MAX_WAIT_MS, BASE_WAIT_MS * 2 ** (failures - this.#free - 1));
  }

  /** The right password ends what the account had to wait for here, and makes this network known to it. */
  async #welcome(pair: string): Promise<void> {
    await this.#failures.forget(pair);
    await this.#waits.forget(pair);
    await this.#known.forget(pair);
    await this.#known.count(pair);
  }
}

/** What one guess counted, until it turns out right. */
class TakenCounts {
  readonly #taken: Array<{
    readonly counter: AttemptCounter;
    readonly key: string;
    readonly window: string;
  }> = [];
  /** How many the last counter had with this guess. */
  lastCount = 0;

  /** Answers how long to wait, in milliseconds, when it was not counted. */
  async take(counter: AttemptCounter, key: string, windowMs?: number): Promise<number | undefined> {
    const outcome = await counter.count(key, windowMs);
    if (outcome.kind === 'refused') return outcome.retryAfterMs;
    this.#taken.push({ counter, key, window: outcome.window });
    this.lastCount = outcome.count;
    return undefined;
  }

  async giveBack(): Promise<void> {
    for (const { counter, key, window } of this.#taken) await counter.giveBack(key, window);
  }
}

const tooMany = (what: string, retryAfterMs: number): DomainError =>
  new DomainError('login.throttled', `${what} from this address; try again later`, { retryAfterMs });

const throttled = (retryAfterMs: number): GuessOutcome => ({
  kind: 'throttled',
  refusal: new DomainError('login.throttled', 'Too many wrong passwords; try again later', { retryAfterMs }),
});

const full = (): PortError =>
  new PortError('unavailable', 'password-hasher', 'too many passwords wait to be hashed');
