import type { CommandIo } from '../client/command-io.ts';
import { isPassing, Refused } from '../client/failures.ts';
import type { Json } from '../client/json.ts';
import { MAX_TRIES, waitAfter, waitText } from '../client/retry.ts';
import { readEvents, type ServerEvent } from '../client/server-events.ts';
import type { Terminal } from '../client/terminal.ts';
import type { ReviewClient } from './review-client.ts';

/** Most open reviews that are kept in mind: the newest ones, and the others once half of these are decided. */
export const MAX_OPEN = 1_000;

/** What has become of the open reviews. */
export type OpenNews =
  | { readonly kind: 'asked'; readonly review: Json }
  | { readonly kind: 'decided'; readonly review: Json }
  /** It was open and is no more, and nobody has said why. */
  | { readonly kind: 'gone'; readonly id: string };

/**
 * The reviews that are open on the server, through every cut of the connection: what is asked and decided is told as it
 * happens, and each once.
 */
export class OpenReviews {
  readonly #reviews: ReviewClient;
  readonly #io: CommandIo;
  readonly #terminal: Terminal;
  readonly #open = new Map<string, Json>();
  /** Whether more is open than is kept in mind. */
  #hasMore = false;

  constructor(reviews: ReviewClient, { io, terminal }: { io: CommandIo; terminal: Terminal }) {
    this.#reviews = reviews;
    this.#io = io;
    this.#terminal = terminal;
  }

  /**
   * Follows until the signal aborts.
   *
   * @throws Refused, Unreachable once the server has been away for too many tries; the signal's reason.
   */
  async follow(signal: AbortSignal, onNews: (news: OpenNews) => Promise<void>): Promise<never> {
    for (let failed = 0; ; ) {
      try {
        const response = await this.#reviews.follow(signal);
        for await (const event of readEvents(response, { timers: this.#io.timers, signal })) {
          failed = 0;
          await this.#take(event, signal, onNews);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error) || failed >= MAX_TRIES) throw error;
        failed += 1;
        const waitMs = waitAfter(failed, error, this.#io.ids);
        this.#terminal.say(waitText({ error, waitMs }));
        await this.#io.timers.sleep(waitMs, signal);
        continue;
      }
      // The server has ended the stream, as one does that stops: another may answer already.
      await this.#io.timers.sleep(waitAfter(1, undefined, this.#io.ids), signal);
    }
  }

  async #take(
    { type, data }: ServerEvent,
    signal: AbortSignal,
    onNews: (news: OpenNews) => Promise<void>,
  ): Promise<void> {
    if (type === 'ready' || type === 'missed') return this.#list(signal, onNews);
    if (type !== 'review') return;
    const id = data.text('id') ?? '';
    const isOpen = data.text('status') === 'pending';
    if (isOpen === this.#open.has(id)) return;
    if (!isOpen) {
      this.#open.delete(id);
      await onNews({ kind: 'decided', review: data });
      if (this.#hasMore && this.#open.size <= MAX_OPEN / 2) await this.#list(signal, onNews);
      return;
    }
    if (this.#open.size >= MAX_OPEN) {
      this.#hasMore = true;
      return;
    }
    const review = await this.#reviews.read(id, signal).catch(unlessGone);
    if (review?.text('status') !== 'pending') return;
    this.#open.set(id, review);
    await onNews({ kind: 'asked', review });
  }

  /** The oldest first, because it has waited longest. */
  async #list(signal: AbortSignal, onNews: (news: OpenNews) => Promise<void>): Promise<void> {
    const found = (await this.#reviews.list('pending', MAX_OPEN, signal)).reverse();
    const ids = new Set(found.map((review) => review.text('id')));
    this.#hasMore = found.length >= MAX_OPEN;
    const oldest = this.#hasMore ? (found[0]?.text('id') ?? '') : '';
    for (const id of [...this.#open.keys()]) {
      // Nothing was asked about what is older than all that was found.
      if (ids.has(id) || id < oldest) continue;
      this.#open.delete(id);
      await onNews({ kind: 'gone', id });
    }
    for (const review of found) {
      const id = review.text('id') ?? '';
      if (this.#open.has(id) || this.#open.size >= MAX_OPEN) continue;
      this.#open.set(id, review);
      await onNews({ kind: 'asked', review });
    }
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof Refused && error.status === 404) return undefined;
  throw error;
}
