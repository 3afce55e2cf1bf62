import type { IdSource } from '../ports/id-source.ts';
import type { RevocationFeed, RevocationNews } from '../ports/identity/revocation-feed.ts';
import type { Log } from '../ports/log.ts';
import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';
import { type HeardEnds, MAX_UNHEARD_MS } from './heard-ends.ts';

/** A connection on which nothing came for so long is given up, in milliseconds: auth speaks at least every second. */
export const MAX_FEED_SILENCE_MS = 2_000;
/** Longest wait before the first new connection, in milliseconds; each further one waits up to twice as long. */
const RECONNECT_FIRST_MS = 100;
/** Longest wait between two connections, in milliseconds. */
const RECONNECT_LONGEST_MS = 1_000;

interface Deps {
  readonly feed: RevocationFeed;
  readonly heard: HeardEnds;
  readonly timers: Timers;
  readonly ids: IdSource;
  readonly log: Log;
}

/** Listens to auth for as long as the service runs, and goes back to it whenever the connection is lost. */
export class FollowRevocations {
  readonly #deps: Deps;
  #sequence: number | undefined;
  #failures = 0;
  #silence = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Resolves when the signal aborts. Never rejects. */
  async execute({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { timers, ids, log } = this.#deps;
    while (!signal.aborted) {
      try {
        await this.#listen(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (this.#failures === 0) log.warn({ err: error }, 'auth cannot be heard; it is tried again');
      }
      this.#failures += 1;
      const fullMs = Math.min(
        RECONNECT_LONGEST_MS,
        RECONNECT_FIRST_MS * 2 ** Math.min(this.#failures - 1, 10),
      );
      await timers.sleep(fullMs * ids.fraction(), signal).catch(() => undefined);
    }
  }

  /** One connection, until it is lost or falls silent. */
  async #listen(signal: AbortSignal): Promise<void> {
    const lost = new AbortController();
    const connection = this.#deps.feed.follow(this.#sequence, AbortSignal.any([signal, lost.signal]));
    const pages = connection[Symbol.asyncIterator]();
    try {
      for (;;) {
        const page = await this.#nextPage(pages);
        if (page.done) return;
        this.#take(page.value);
      }
    } finally {
      lost.abort(new Error('the connection is given up'));
    }
  }

  async #nextPage(
    pages: AsyncIterator<readonly RevocationNews[]>,
  ): Promise<IteratorResult<readonly RevocationNews[]>> {
    const arrived = new AbortController();
    const silence = this.#deps.timers.sleep(MAX_FEED_SILENCE_MS, arrived.signal).then(() => {
      throw new PortError('unavailable', 'auth', `auth has been silent for ${MAX_FEED_SILENCE_MS} ms`);
    });
    silence.catch(() => undefined);
    const next = pages.next();
    next.catch(() => undefined);
    try {
      return await Promise.race([next, silence]);
    } finally {
      arrived.abort();
    }
  }

  #take(news: readonly RevocationNews[]): void {
    this.#deps.heard.hear(news);
    for (const item of news) {
      if (item.kind === 'ended') this.#sequence = item.revocation.sequence;
      else if (item.kind === 'reset') this.#sequence = item.sequence;
      else this.#caughtUp();
    }
  }

  /** The silence is counted by a timer as well: a clock that was set back goes on at half speed. */
  #caughtUp(): void {
    const { heard, timers, log } = this.#deps;
    this.#silence.abort();
    this.#silence = new AbortController();
    timers.sleep(MAX_UNHEARD_MS, this.#silence.signal).then(
      () => heard.lose(),
      () => undefined,
    );
    if (this.#failures === 0) return;
    this.#failures = 0;
    log.info({}, 'auth is heard again');
  }
}
