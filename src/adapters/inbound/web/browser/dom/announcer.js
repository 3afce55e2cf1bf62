/** Least time between two announcements of a growing answer, in milliseconds: a listener must be able to follow. */
const BATCH_MS = 4_000;

/** @param {string} id */
const region = (id) => document.getElementById(id);

/**
 * Says something to whoever listens to the page, when nothing else is being said.
 *
 * @param {string} text
 */
export function announce(text) {
  const status = region('status');
  if (status === null) return;
  // The same sentence twice is a change too.
  status.textContent = status.textContent === text ? `${text}\u{00a0}` : text;
}

/**
 * Says something that cannot wait.
 *
 * @param {string} text
 */
export function warn(text) {
  const alert = region('alert');
  if (alert !== null) alert.textContent = text;
}

/**
 * Reads a growing answer out in whole sentences, some at a time, in place of every piece as it comes.
 */
export class AnswerReader {
  #timers;
  #said = 0;
  #text = '';
  /** @type {(() => void) | undefined} */
  #cancel;

  /** @param {{ after(ms: number, act: () => void): () => void }} timers */
  constructor(timers) {
    this.#timers = timers;
  }

  /** @param {string} text the whole answer so far */
  grow(text) {
    this.#text = text;
    this.#cancel ??= this.#timers.after(BATCH_MS, () => {
      this.#cancel = undefined;
      const end = lastSentenceEnd(this.#text);
      if (end <= this.#said) return;
      announce(this.#text.slice(this.#said, end));
      this.#said = end;
    });
  }

  /**
   * @param {string} text the whole answer
   * @param {string} ending how it ended
   */
  end(text, ending) {
    this.#cancel?.();
    this.#cancel = undefined;
    announce(`${text.slice(this.#said)} ${ending}`.trim());
  }

  close() {
    this.#cancel?.();
  }
}

/** @param {string} text */
function lastSentenceEnd(text) {
  let end = 0;
  for (const { index, 0: found } of text.matchAll(/[.!?:](?=\s)|\n/g)) end = index + found.length;
  return end;
}
