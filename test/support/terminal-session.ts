import { type ChildProcess, spawn } from 'node:child_process';
import { childEnvironment } from './child-environment.ts';

/** How long a program may take to say what is waited for, in milliseconds. */
const PATIENCE_MS = 20_000;

/** A program that a person talks to: what it says is waited for, what he types is sent. */
export class TerminalSession {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #listeners = new Set<() => void>();
  #stdout = '';
  #stderr = '';

  /** Starts `holdfast` with its input and output as pipes. */
  static piped(args: readonly string[]): TerminalSession {
    return new TerminalSession(process.execPath, ['bin/holdfast.js', ...args]);
  }

  /** Starts `holdfast` on a terminal of its own, where both of its outputs are one. */
  static onTerminal(args: readonly string[]): TerminalSession {
    const words = [process.execPath, 'bin/holdfast.js', ...args].map((word) => `'${word}'`);
    return new TerminalSession('script', ['-qec', words.join(' '), '/dev/null']);
  }

  private constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: childEnvironment() });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#changed();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#changed();
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    void this.#ended.then(() => this.#changed());
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Types text; a line ends with `\r`, and `\x03` is Ctrl-C. */
  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends the input. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  /** Waits until what was said fulfils a condition. */
  async until(condition: (session: TerminalSession) => boolean): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    while (!condition(this)) {
      const hasEnded = this.#child.exitCode !== null;
      if (late.aborted || hasEnded) throw new Error(`it only said:\n${this.#stdout}\n${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#listeners.add(resolve);
        late.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** Waits for the end and returns the exit code. */
  end(): Promise<number | null> {
    return this.#ended;
  }

  /** Ends the program if it still runs. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #changed(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
