import { createInterface, emitKeypressEvents, type Key } from 'node:readline';
import type { Readable } from 'node:stream';
import { EXIT } from '../client/exit-code.ts';
import { isPassing, Refused } from '../client/failures.ts';
import type { Json } from '../client/json.ts';
import type { OpenNews } from './open-reviews.ts';
import { resolutionText, reviewText } from './review-text.ts';
import type { ReviewsWorld } from './reviews-world.ts';

const KEYS = 'a approve · r reject · A R with a comment · l later · q quit';

/** Keys that come so soon after another review was shown were meant for the one before, in milliseconds. */
export const SETTLE_MS = 400;

/** A terminal's input, which a person's keys come by one at a time. */
type KeyInput = Readable & { setRawMode?: (isRaw: boolean) => void };

/** A person at a terminal, who is shown one open review after the other and decides each by a key. */
export class Deciding {
  readonly #world: ReviewsWorld;
  readonly #leave: (code: number) => void;
  readonly #waiting = new Map<string, Json>();
  #shown: Json | undefined;
  #shownAtMs = 0;
  #isBusy = false;

  constructor(world: ReviewsWorld, leave: (code: number) => void) {
    this.#world = world;
    this.#leave = leave;
    const input: KeyInput = world.io.stdin;
    emitKeypressEvents(input);
    input.setRawMode?.(true);
    input.on('keypress', this.#onKey);
    input.resume();
    world.terminal.say('[waiting for what agents ask; q quits]');
  }

  /** Takes what has become of the open reviews. */
  async hear(news: OpenNews): Promise<void> {
    if (news.kind === 'asked') {
      this.#waiting.set(idOf(news.review), news.review);
      if (this.#shown === undefined) this.#next();
      else this.#world.terminal.say(`[one more waits: ${this.#waiting.size} in all]`);
      return;
    }
    const id = news.kind === 'gone' ? news.id : idOf(news.review);
    this.#waiting.delete(id);
    if (this.#isBusy || this.#shown === undefined || idOf(this.#shown) !== id) return;
    const what = news.kind === 'gone' ? 'decided elsewhere' : resolutionText(news.review);
    this.#world.terminal.say(`[${id}: ${what}]`);
    this.#next();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    const input: KeyInput = this.#world.io.stdin;
    input.off('keypress', this.#onKey);
    input.setRawMode?.(false);
    input.pause();
  }

  readonly #onKey = (_text: string | undefined, key: Key): void => {
    if (this.#isBusy) return;
    if (key.ctrl === true && key.name === 'c') this.#leave(EXIT.interrupted);
    else if (key.name === 'q' || (key.ctrl === true && key.name === 'd')) this.#leave(EXIT.done);
    else if (this.#shown !== undefined && this.#isSettled()) this.#act(this.#shown, key);
  };

  #isSettled(): boolean {
    return this.#world.io.clock.nowMs() - this.#shownAtMs >= SETTLE_MS;
  }

  #act(review: Json, { name, shift }: Key): void {
    if (name === 'l') {
      // Behind all others.
      this.#waiting.delete(idOf(review));
      this.#waiting.set(idOf(review), review);
      this.#next();
      return;
    }
    if (name !== 'a' && name !== 'r') return;
    this.#isBusy = true;
    void this.#decide(idOf(review), name === 'a' ? 'approve' : 'reject', shift === true).finally(() => {
      this.#isBusy = false;
      this.#next();
    });
  }

  async #decide(id: string, decision: 'approve' | 'reject', withComment: boolean): Promise<void> {
    const { reviews, terminal } = this.#world;
    try {
      const comment = withComment ? await this.#askComment() : '';
      if (comment === undefined) {
        terminal.say(`[${id}: not decided]`);
        return;
      }
      const { status, notice } = await reviews.decide(id, decision, comment || undefined);
      this.#waiting.delete(id);
      terminal.say(`[${id}: ${status}]`);
      if (notice !== undefined) terminal.say(`[${notice}]`);
    } catch (error) {
      if (error instanceof Refused && [404, 409].includes(error.status)) this.#waiting.delete(id);
      terminal.say(`[${id}: ${error instanceof Error ? error.message : String(error)}]`);
      if (!isTold(error)) this.#leave(EXIT.no);
    }
  }

  /** Undefined when the person leaves by Ctrl-C or Ctrl-D: he has thought better of it. */
  async #askComment(): Promise<string | undefined> {
    const { stdin, stderr } = this.#world.io;
    const input: KeyInput = stdin;
    input.setRawMode?.(false);
    const lines = createInterface({ input, output: stderr, terminal: true, prompt: 'comment: ' });
    try {
      return await new Promise<string | undefined>((resolve) => {
        lines.once('line', (line) => resolve(line.trim()));
        lines.once('close', () => resolve(undefined));
        lines.prompt();
      });
    } finally {
      lines.close();
      input.setRawMode?.(true);
      input.resume();
    }
  }

  #next(): void {
    const [review] = this.#waiting.values();
    const { terminal, io } = this.#world;
    const isOther = review !== this.#shown;
    this.#shown = review;
    if (review === undefined) {
      terminal.say('[nothing is asked; waiting]');
      return;
    }
    if (isOther) this.#shownAtMs = io.clock.nowMs();
    void terminal.show(`\n${reviewText(review)}\n`);
    terminal.say(`[${KEYS}]`);
  }
}

/** Whether the talk can go on after an error that was told. */
const isTold = (error: unknown): boolean =>
  isPassing(error) || (error instanceof Refused && ![401, 403].includes(error.status));

const idOf = (review: Json): string => review.text('id') ?? '';
