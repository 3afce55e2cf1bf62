import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';

/** The login session or the key that somebody comes by, as the role that it has; the forms of their ids differ. */
export const credentialOf = (principal: EndingPrincipal): string =>
  principal.kind === 'user' ? `${principal.loginSessionId} ${principal.role}` : principal.apiKeyId;

/** A credential, and everything that is open by it. */
export interface InUse<Holder> {
  readonly principal: EndingPrincipal;
  readonly holders: ReadonlySet<Holder>;
}

interface Entry<Holder> {
  /** The credential, by which it is found. */
  readonly name: string;
  readonly principal: EndingPrincipal;
  readonly holders: Set<Holder>;
}

/**
 * Which credentials hold something open, kept as it opens and closes, so that nobody has to look through everything
 * that is open.
 */
export class CredentialsInUse<Holder> {
  readonly #inUse = new Map<string, Entry<Holder>>();
  #turn: Iterator<InUse<Holder>> | undefined;

  /**
   * Something is open by this credential now. `before`: what was returned when it was held last, which it is let go of.
   *
   * @returns what is to be shown when it is held anew, or released: whoever holds keeps it, and nobody a second list.
   */
  hold(holder: Holder, principal: EndingPrincipal, before?: InUse<Holder>): InUse<Holder> {
    const name = credentialOf(principal);
    const known = this.#inUse.get(name);
    if (known !== undefined && known === before) return known;
    if (before !== undefined) this.release(holder, before);
    const entry = known ?? { name, principal, holders: new Set() };
    if (known === undefined) this.#inUse.set(name, entry);
    entry.holders.add(holder);
    return entry;
  }

  /** Something is closed that is held so. Idempotent. */
  release(holder: Holder, held: InUse<Holder>): void {
    const entry = held as Entry<Holder>;
    entry.holders.delete(holder);
    if (entry.holders.size === 0 && this.#inUse.get(entry.name) === entry) this.#inUse.delete(entry.name);
  }

  /** What is open by a credential, as it is now. */
  holdersOf(principal: EndingPrincipal): readonly Holder[] {
    return [...(this.#inUse.get(credentialOf(principal))?.holders ?? [])];
  }

  /** Every credential in use. */
  all(): Iterable<InUse<Holder>> {
    return this.#inUse.values();
  }

  /** The next ones in turn, at most so many: each has its turn, whoever comes and goes meanwhile. */
  next(limit: number): InUse<Holder>[] {
    this.#turn ??= this.#inUse.values();
    const taken: InUse<Holder>[] = [];
    while (taken.length < limit) {
      const step = this.#turn.next();
      if (step.done === true) {
        this.#turn = undefined;
        break;
      }
      taken.push(step.value);
    }
    return taken;
  }
}
