import type { ControlPolicy } from '../../domain/control/control-policy.ts';
import { FIRST_BOOK, type PolicyBook, policyOf } from '../../domain/control/policy-book.ts';
import type { PolicyStore } from '../ports/control/policy-store.ts';
import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';

/** How often the book is looked at where words may be missed, in milliseconds. */
export const LOOK_AT_POLICY_MS = 2_000;

interface Deps {
  readonly store: PolicyStore;
  readonly bus: FleetBus;
  readonly timers: Timers;
  readonly log: Log;
}

/** The policy book as this node knows it: what is asked at every event costs no read, and every change is heard of. */
export class LivePolicies {
  readonly #deps: Deps;
  readonly #listeners = new Set<() => void>();
  #book: PolicyBook = FIRST_BOOK;
  #looking: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get book(): PolicyBook {
    return this.#book;
  }

  /** The policy of a key by the profile that it is bound to. */
  of(profile: string | undefined): ControlPolicy {
    return policyOf(this.#book, profile);
  }

  /** Told whenever another version holds, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Reads the book. Needed once before anything is asked. @throws PortError of the store. */
  async load(): Promise<void> {
    const book = await this.#deps.store.read();
    if (book.version <= this.#book.version) return;
    this.#book = book;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Hears of changes until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { bus, timers } = this.#deps;
    const silence = bus.listen({
      onControl: (word) => word.kind === 'policy' && void this.#look(),
      onMissed: () => void this.#look(),
    });
    while (!signal.aborted) {
      await this.#look();
      await timers.sleep(LOOK_AT_POLICY_MS, signal).catch(() => undefined);
    }
    silence();
  }

  /** A look that was asked for while one is under way is another one: the first may have read too early. */
  #look(): Promise<void> {
    const { log } = this.#deps;
    const before = this.#looking ?? Promise.resolve();
    const look = before
      .then(() => this.load())
      .catch((error: unknown) => log.warn({ err: error }, 'the policy for agents could not be read'));
    this.#looking = look;
    return look;
  }
}
