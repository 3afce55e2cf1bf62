import type { Clock } from '../../../../application/ports/clock.ts';
import type { Digest } from '../../../../application/ports/digest.ts';
import type { LoginEnd, LoginEnds } from '../../../../application/ports/identity/login-ends.ts';
import { BoundedMap } from '../../../../domain/bounded-map.ts';
import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';

/**
 * How long auth's answer about a credential holds, in milliseconds. Shorter than the second in which an ended one must be
 * shut out, so that this holds even when nobody tells of the end; telling makes it immediate.
 */
export const ANSWER_LIFE_MS = 500;
/** Most credentials whose answers are kept; the oldest answer makes room. */
const MAX_KEPT_ANSWERS = 1_000;

interface Deps<Holder> {
  readonly clock: Clock;
  readonly digest: Digest;
  readonly loginEnds: LoginEnds;
  /** Asks auth who holds a credential; null for nobody. */
  readonly ask: (credential: string) => Promise<Holder | null>;
}

interface Kept<Holder> {
  readonly holder: Holder;
  readonly untilMs: number;
}

/** Auth's answers about credentials that it alone knows, kept for a moment. */
export class AskedHolders<Holder extends EndingPrincipal> {
  readonly #deps: Deps<Holder>;
  /** By the hash of the credential, so that none lies in memory for longer than its request. */
  readonly #kept = new BoundedMap<string, Kept<Holder>>(MAX_KEPT_ANSWERS);
  readonly #asked = new Map<string, Promise<Holder | undefined>>();
  /** Counts the ends that were told: an answer that was asked for before one may be about what has ended. */
  #ends = 0;

  constructor(deps: Deps<Holder>) {
    this.#deps = deps;
    deps.loginEnds.subscribe((end) => this.#forget(end));
  }

  /** Who holds a credential; undefined for nobody. @throws PortError when auth cannot be asked. */
  async holderOf(credential: string): Promise<Holder | undefined> {
    const { clock, digest } = this.#deps;
    const name = digest.sha256Hex(credential);
    const kept = this.#kept.get(name);
    if (kept !== undefined && clock.nowMs() < kept.untilMs) return kept.holder;
    return this.#asked.get(name) ?? this.#ask(name, credential);
  }

  /** Requests that come with the same credential meanwhile wait for this one answer. */
  #ask(name: string, credential: string): Promise<Holder | undefined> {
    const asked = this.#fetch(name, credential).finally(() => {
      if (this.#asked.get(name) === asked) this.#asked.delete(name);
    });
    this.#asked.set(name, asked);
    return asked;
  }

  async #fetch(name: string, credential: string): Promise<Holder | undefined> {
    const ends = this.#ends;
    // Counted from the question on: the answer is at least as old as that.
    const untilMs = this.#deps.clock.nowMs() + ANSWER_LIFE_MS;
    const holder = await this.#deps.ask(credential);
    if (holder !== null && ends === this.#ends) this.#kept.set(name, { holder, untilMs });
    else this.#kept.delete(name);
    return holder ?? undefined;
  }

  #forget(end: LoginEnd): void {
    this.#ends += 1;
    this.#asked.clear();
    for (const [name, { holder }] of this.#kept) if (names(end, holder)) this.#kept.delete(name);
  }
}

/** Whether an end may be that of what somebody came with. */
function names(end: LoginEnd, holder: EndingPrincipal): boolean {
  if ('anybody' in end) return true;
  if ('userId' in end) return holder.kind !== 'agent' && holder.userId === end.userId;
  if ('apiKeyId' in end) return holder.kind !== 'user' && holder.apiKeyId === end.apiKeyId;
  return holder.kind === 'user' && holder.loginSessionId === end.loginSessionId;
}
