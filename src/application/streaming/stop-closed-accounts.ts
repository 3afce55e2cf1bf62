import type { UserId } from '../../domain/identity/ids.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { LoginEnd, LoginEnds } from '../ports/identity/login-ends.ts';
import type { PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import type { UserStreams } from '../ports/identity/user-streams.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';
import { retryUntilDone } from './engine/retry-until-done.ts';
import type { RunningStreams } from './engine/running-streams.ts';

interface Deps {
  readonly loginEnds: LoginEnds;
  readonly userStreams: UserStreams;
  readonly running: RunningStreams;
  readonly directory: PrincipalDirectory;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly log: Log;
}

/** Stops and settles, where chat runs apart from auth, the streams of accounts that auth has disabled or deleted. */
export class StopClosedAccounts {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Listens until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const unsubscribe = this.#deps.loginEnds.subscribe((end) => void this.#hear(end, signal));
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    unsubscribe();
  }

  async #hear(end: LoginEnd, signal: AbortSignal): Promise<void> {
    if ('userId' in end && end.closed) await this.#deps.userStreams.stopAll(end.userId);
    if (!('anybody' in end)) return;
    const owners = new Set(this.#deps.running.owners());
    await Promise.all([...owners].map((owner) => this.#stopIfClosed(owner, signal)));
  }

  /** Ends were missed: auth is asked about everybody for whom something runs, until it answers. */
  async #stopIfClosed(owner: UserId, signal: AbortSignal): Promise<void> {
    const { directory, userStreams, timers, ids, log } = this.#deps;
    const look = async (): Promise<void> => {
      const account = await directory.resolve(owner);
      if (account === undefined || account.disabled) await userStreams.stopAll(owner);
    };
    const onFailure = (error: unknown, attempt: number): void => {
      if (attempt === 1)
        log.warn({ owner, err: error }, 'auth could not be asked whether an account is open');
    };
    await retryUntilDone(look, { timers, ids, onFailure }, signal);
  }
}
