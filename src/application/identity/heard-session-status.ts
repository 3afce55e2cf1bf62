import type { UserId } from '../../domain/identity/ids.ts';
import { type EndingPrincipal, hasExpired } from '../../domain/identity/principal.ts';
import type { Clock } from '../ports/clock.ts';
import type { DirectoryEntry, PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import type { SessionStatus } from '../ports/identity/session-status.ts';
import type { HeardEnds } from './heard-ends.ts';

interface Deps {
  readonly heard: HeardEnds;
  readonly directory: PrincipalDirectory;
  readonly clock: Clock;
}

/** The status of logins and keys in a service that runs apart from auth, by what auth tells it. */
export class HeardSessionStatus implements SessionStatus {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * What has ended is refused whether or not auth can be heard; a key's own time is over without a word of it. Of a user whose account was changed while a token of
   * before could still live auth is asked, once: his role may be another, and a key ends with its owner.
   *
   * @throws PortError `unavailable` when auth has not been heard for 5 seconds, or cannot be asked.
   */
  async isLive(principal: EndingPrincipal): Promise<boolean> {
    const { heard, clock } = this.#deps;
    if (hasExpired(principal, clock.nowMs())) return false;
    if (heard.hasEnded(principal.kind === 'user' ? principal.loginSessionId : principal.apiKeyId))
      return false;
    heard.requireHeard();
    if (principal.kind === 'agent') return true;
    if (heard.changedUser(principal.userId) === undefined) return true;
    const account = await this.#accountOf(principal.userId);
    return account !== undefined && !account.disabled && account.role === principal.role;
  }

  /** The answer is remembered with the change that it was asked for: after another change it is asked for again. */
  async #accountOf(userId: UserId): Promise<DirectoryEntry | undefined> {
    const { heard, directory } = this.#deps;
    const changed = heard.changedUser(userId);
    if (changed === undefined) return directory.resolve(userId);
    changed.account ??= directory.resolve(userId).catch((error: unknown) => {
      delete changed.account;
      throw error;
    });
    return changed.account;
  }
}
