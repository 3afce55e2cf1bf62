import type { EndingPrincipal } from '../../../../domain/identity/principal.ts';

/** The login session or the key that somebody comes by, as the role that it has; the forms of their ids differ. */
export const credentialOf = (principal: EndingPrincipal): string =>
  principal.kind === 'user' ? `${principal.loginSessionId} ${principal.role}` : principal.apiKeyId;

/** A credential, and everything that is open by it. */
export interface InUse<Holder> {
  readonly principal: EndingPrincipal;
  readonly holders: ReadonlySet<Holder>;
}

/**
 * Which credentials hold something open, kept as it opens and closes, so that nobody has to look through everything
 * that is open.
 */
export class CredentialsInUse<Holder> {
  readonly #inUse = new Map<string, { principal: EndingPrincipal; holders: Set<Holder> }>();
  readonly #names = new Map<Holder, string>();
  #turn: Iterator<InUse<Holder>> | undefined;

  /** Something is open by this credential now, whatever it was open by before. */
  hold(holder: Holder, principal: EndingPrincipal): void {
    const name = credentialOf(principal);
    if (this.#names.get(holder) === name) return;
    this.release(holder);
    this.#names.set(holder, name);
    const known = this.#inUse.get(name);
    if (known !== undefined) known.holders.add(holder);
    else this.#inUse.set(name, { principal, holders: new Set([holder]) });
  }

  /** Something is closed. Idempotent. */
  release(holder: Holder): void {
    const name = this.#names.get(holder);
    if (name === undefined) return;
    this.#names.delete(holder);
    const known = this.#inUse.get(name);
    known?.holders.delete(holder);
    if (known?.holders.size === 0) this.#inUse.delete(name);
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
