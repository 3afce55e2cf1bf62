import type { Writable } from 'node:stream';
import type { CommandIo, MaybeTerminal } from './command-io.ts';
import { safeText } from './safe-text.ts';

/** The two voices of a command: results on stdout, talk on stderr. */
export class Terminal {
  readonly #io: CommandIo;
  /** Whether the cursor of a terminal stands behind a piece of a result. */
  #isMidLine = false;

  constructor(io: CommandIo) {
    this.#io = io;
  }

  /**
   * One line of talk, on a line of its own where results and talk share a terminal. Whatever it quotes from a
   * server cannot touch the terminal.
   */
  say(line: string): void {
    const isBehindText = this.#isMidLine && this.#io.stderr.isTTY === true;
    this.#isMidLine = false;
    this.#io.stderr.write(`${isBehindText ? '\n' : ''}${safeText(line)}\n`);
  }

  /**
   * Writes a piece of a result. A terminal gets treacherous characters as escapes; a pipe gets the text as it
   * is, so that what is stored or compared is what the server sent.
   *
   * @returns whether anybody still reads; false once the pipe is closed.
   */
  async show(text: string): Promise<boolean> {
    if (text !== '' && this.#io.stdout.isTTY) this.#isMidLine = !text.endsWith('\n');
    return write(this.#io.stdout, this.#io.stdout.isTTY ? safeText(text) : text);
  }

  /** Writes one JSON document as one line. */
  async showJson(value: unknown): Promise<void> {
    await write(this.#io.stdout, `${JSON.stringify(value)}\n`);
  }
}

/** What a stream says when whoever read it has gone. */
const NOBODY_READS: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/** Whether a write failed only because whoever read the output has gone, as `head` does. */
export const isUnread = (error: Error): boolean => NOBODY_READS.has((error as NodeJS.ErrnoException).code);

/** Waits until a slow reader of the pipe has taken what was written, so that an answer is never piled up. */
function write(stream: MaybeTerminal<Writable>, text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error) resolve(true);
      else if (isUnread(error)) resolve(false);
      else reject(error);
    });
  });
}
