import type { LoginEnds } from '../ports/identity/login-ends.ts';
import {
  FEED_HEARTBEAT_MS,
  type RevocationFeed,
  type RevocationNews,
} from '../ports/identity/revocation-feed.ts';
import type { RevocationLog } from '../ports/identity/revocation-log.ts';
import type { Timers } from '../ports/timers.ts';

/** Most entries that are read and told at once. */
const PAGE_ENTRIES = 500;

interface Deps {
  readonly revocations: RevocationLog;
  readonly loginEnds: LoginEnds;
  readonly timers: Timers;
}

/**
 * Tells what ends, from the log: at once when it is told in this process, and within a heartbeat when another process
 * has written it. Who is told nothing for longer than that knows that something is amiss.
 */
export class TellRevocations implements RevocationFeed {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws PortError `unavailable` when the log cannot be read; the signal's reason when it aborts. */
  async *follow(
    after: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly RevocationNews[], never> {
    const { revocations, loginEnds, timers } = this.#deps;
    let ended = new AbortController();
    const wake = (): void => ended.abort();
    const unsubscribe = loginEnds.subscribe(wake);
    signal.addEventListener('abort', wake);
    try {
      let sequence = after ?? (await revocations.range()).floor;
      for (;;) {
        signal.throwIfAborted();
        // Before the log is read: an end that is told meanwhile must cut the next wait short.
        ended = new AbortController();
        const page = await revocations.after(sequence, PAGE_ENTRIES);
        if (page === 'lost') {
          sequence = (await revocations.range()).floor;
          yield [{ kind: 'reset', sequence }];
          continue;
        }
        sequence = page.at(-1)?.sequence ?? sequence;
        const news = page.map((revocation): RevocationNews => ({ kind: 'ended', revocation }));
        if (page.length === PAGE_ENTRIES) {
          yield news;
          continue;
        }
        yield [...news, { kind: 'caught-up' }];
        await timers.sleep(FEED_HEARTBEAT_MS, ended.signal).catch(() => undefined);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      unsubscribe();
    }
  }
}
