import type { FleetBus } from '../ports/fleet/fleet-bus.ts';
import type { RevocationLog } from '../ports/identity/revocation-log.ts';
import type { Log } from '../ports/log.ts';
import type { Timers } from '../ports/timers.ts';
import type { EndedLogins } from './ended-logins.ts';

/** How often the log of ends is looked into by a node that is told nothing, in milliseconds. */
export const LOOK_INTO_LOG_MS = 2_000;
/** Entries that are read at once. */
const PAGE_ENTRIES = 200;

interface Deps {
  readonly revocations: RevocationLog;
  readonly ends: EndedLogins;
  readonly bus: FleetBus;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * Tells this node's listeners of the logins and keys that other nodes have ended. The log of ends is the truth; the bus
 * only says when to look, and without it the log is looked into every two seconds. A node's own ends are told again by
 * it, which says nothing new to anybody who asks whether a login lives.
 */
export class HearRevocations {
  readonly #deps: Deps;
  #sequence: number | undefined;
  #isBehind = false;
  #wake = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Listens until the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { bus, ends, timers } = this.#deps;
    const wake = (): void => this.#wake.abort();
    const stops = [bus.listen({ onRevoked: wake, onMissed: wake }), ends.onStored(() => bus.tellRevoked())];
    signal.addEventListener('abort', wake, { once: true });
    while (!signal.aborted) {
      // Before the log is read: an end that is told meanwhile must cut the next wait short.
      this.#wake = new AbortController();
      await this.#look();
      if (signal.aborted) break;
      await timers.sleep(LOOK_INTO_LOG_MS, this.#wake.signal).catch(() => undefined);
    }
    for (const stop of stops) stop();
  }

  async #look(): Promise<void> {
    const { log } = this.#deps;
    try {
      await this.#readOn();
      if (this.#isBehind) log.info({}, 'the ends of logins at other nodes are heard again');
      this.#isBehind = false;
    } catch (error) {
      if (!this.#isBehind)
        log.warn({ err: error }, 'the ends of logins at other nodes cannot be heard; it is tried again');
      this.#isBehind = true;
    }
  }

  /** The log from where it was read to; at first from its present end. */
  async #readOn(): Promise<void> {
    const { revocations, ends } = this.#deps;
    if (this.#sequence === undefined) {
      this.#sequence = (await revocations.range()).head;
      // Somebody may have been let in before that.
      ends.hear({ anybody: true });
    }
    for (;;) {
      const page = await revocations.after(this.#sequence, PAGE_ENTRIES);
      if (page === 'lost') {
        this.#sequence = (await revocations.range()).head;
        ends.hear({ anybody: true });
        return;
      }
      for (const { sequence, end } of page) {
        this.#sequence = sequence;
        ends.hear(end);
      }
      if (page.length < PAGE_ENTRIES) return;
    }
  }
}
