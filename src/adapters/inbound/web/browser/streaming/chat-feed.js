import { advance, farther } from './answer.js';
import { followToEnd } from './stream-loop.js';

/** @import { Answer, LogEvent } from './answer.js' */
/** @import { Link, LoopDeps, LoopEnd } from './stream-loop.js' */

/**
 * What the tabs that show one chat tell each other.
 *
 * @typedef {{ kind: 'need', cursor: number }
 *   | { kind: 'state', answer: Answer | undefined, link: Link }
 *   | { kind: 'events', events: LogEvent[] }
 *   | { kind: 'link', link: Link }
 *   | { kind: 'asked', question: string }
 *   | { kind: 'receipt', streamId: string, receipt: string }
 *   | { kind: 'over' }} TabMessage
 */

/**
 * @typedef {object} FeedDeps
 * @property {string} name the same in all tabs that show the chat, and in no other
 * @property {{ post(message: TabMessage): void, listen(listener: (message: TabMessage) => void): void, close(): void }} channel
 * @property {Pick<LockManager, 'request'>} locks
 * @property {LoopDeps['timers']} timers
 * @property {LoopDeps['open']} open
 * @property {() => void} onChange the answer or the link has changed
 * @property {(question: string) => void} onAsked another tab has asked
 * @property {(streamId: string, receipt: string) => void} onReceipt another tab has sent the receipt
 */

/** How long the reader stays the reader after the end, so that the other tabs hear it before one takes over. In milliseconds. */
const LINGER_MS = 250;
/** How long a question waits for the reader of an answer that has just ended, in milliseconds. */
const TURN_WAIT_MS = 5_000;

/**
 * One tab's view of the stream of a chat. Of all tabs that show the chat, one holds the connection: whoever holds the
 * lock of the chat's name. It tells the others what it reads, and when it closes, another gets the lock and reads on
 * from the last event that it has. Each tab takes events by their offsets alone, so that it does not matter who told
 * them, or how often.
 */
export class ChatFeed {
  #deps;
  /** @type {Answer | undefined} */
  #answer;
  /** @type {Link} */
  #link = { kind: 'live' };
  #leading = false;
  /** @type {AbortController | undefined} set while this tab follows: as the reader, or waiting to become it */
  #following;

  /** @param {FeedDeps} deps */
  constructor(deps) {
    this.#deps = deps;
    deps.channel.listen((message) => this.#hear(message));
  }

  /** The newest answer, as far as it has come. */
  get answer() {
    return this.#answer;
  }

  get link() {
    return this.#link;
  }

  get isFollowing() {
    return this.#following !== undefined;
  }

  /**
   * Follows what runs in the chat until it ends, as the reader or through the reader of another tab.
   *
   * @returns {Promise<LoopEnd | undefined>} how it ended for the reader; undefined for everybody else
   */
  async follow() {
    if (this.#following !== undefined) return undefined;
    return this.#join(undefined, (signal) => this.#lead(signal));
  }

  /**
   * Asks, and reads the answer. `start` sends the question once this tab is the reader.
   *
   * @param {string} question
   * @param {(signal: AbortSignal) => Promise<Response>} start
   * @returns {Promise<LoopEnd | undefined>}
   * @throws whatever `start` throws; a `TimeoutError` when another tab reads an answer in this chat
   */
  async ask(question, start) {
    return this.#join(TURN_WAIT_MS, async (signal) => {
      const response = await start(signal);
      this.#deps.channel.post({ kind: 'asked', question });
      return this.#lead(signal, response);
    });
  }

  /** The connection could not be had, or can: for whoever asks before there is a stream. @param {Link} link */
  tellLink(link) {
    this.#link = link;
    this.#deps.channel.post({ kind: 'link', link });
    this.#deps.onChange();
  }

  /**
   * Tells the other tabs what the server called the receipt.
   *
   * @param {string} streamId
   * @param {string} receipt
   */
  tellReceipt(streamId, receipt) {
    this.#deps.channel.post({ kind: 'receipt', streamId, receipt });
  }

  /** Forgets how far the answer had come: what follows it is not kept. */
  reset() {
    this.#answer = undefined;
  }

  close() {
    this.#following?.abort(new DOMException('the chat is closed', 'AbortError'));
    this.#deps.channel.close();
  }

  /**
   * Waits to become the reader, then acts as it.
   *
   * @param {number | undefined} patienceMs
   * @param {(signal: AbortSignal) => Promise<LoopEnd>} act
   */
  async #join(patienceMs, act) {
    this.#following?.abort(new DOMException('a question begins', 'AbortError'));
    const following = new AbortController();
    this.#following = following;
    const waiting =
      patienceMs === undefined
        ? following.signal
        : AbortSignal.any([following.signal, AbortSignal.timeout(patienceMs)]);
    this.#deps.channel.post({ kind: 'need', cursor: this.#answer?.cursor ?? 0 });
    try {
      return await this.#deps.locks.request(this.#deps.name, { signal: waiting }, () =>
        act(following.signal),
      );
    } catch (error) {
      if (following.signal.aborted) return undefined;
      throw error;
    } finally {
      if (this.#following === following) this.#following = undefined;
      this.#deps.onChange();
    }
  }

  /**
   * @param {AbortSignal} signal
   * @param {Response} [first]
   */
  async #lead(signal, first) {
    const { open, timers, channel } = this.#deps;
    this.#leading = true;
    try {
      const end = await followToEnd(
        {
          open,
          timers,
          signal,
          cursor: () => this.#answer?.cursor,
          onEvents: (events) => this.#read(events),
          onLink: (link) => this.tellLink(link),
        },
        first,
      );
      if (end.kind !== 'refused') {
        channel.post({ kind: 'over' });
        // A question that comes in this moment ends the lingering, not what has been read.
        await timers.sleep(LINGER_MS, signal).catch(() => undefined);
      }
      return end;
    } finally {
      this.#leading = false;
    }
  }

  /** @param {LogEvent[]} events */
  #read(events) {
    this.#deps.channel.post({ kind: 'events', events });
    if (this.#take(events)) this.#deps.onChange();
  }

  /**
   * @param {LogEvent[]} events
   * @returns {boolean} whether the answer has changed; a gap asks the reader for what is missing
   */
  #take(events) {
    const before = this.#answer;
    for (const event of events) {
      const step = advance(this.#answer, event);
      if (step.kind === 'advanced') this.#answer = step.answer;
      if (step.kind === 'gap') {
        this.#deps.channel.post({ kind: 'need', cursor: this.#answer?.cursor ?? 0 });
        break;
      }
    }
    return before !== this.#answer;
  }

  /** @param {TabMessage} message */
  #hear(message) {
    if (message.kind === 'need') {
      if (this.#leading && (this.#answer?.cursor ?? 0) >= message.cursor)
        this.#deps.channel.post({ kind: 'state', answer: this.#answer, link: this.#link });
      return;
    }
    if (message.kind === 'asked') {
      this.#deps.onAsked(message.question);
      return;
    }
    if (message.kind === 'receipt') {
      this.#deps.onReceipt(message.streamId, message.receipt);
      return;
    }
    if (this.#leading) return;
    if (message.kind === 'events') this.#take(message.events);
    else if (message.kind === 'state') {
      if (message.answer !== undefined) this.#answer = farther(this.#answer, message.answer);
      this.#link = message.link;
    } else if (message.kind === 'link') this.#link = message.link;
    else this.#following?.abort(new DOMException('the answer is over', 'AbortError'));
    this.#deps.onChange();
  }
}
