import type { Command } from 'commander';

/** What a command registers itself with: the program, and where its exit code goes. */
export interface CommandLine {
  readonly program: Command;
  /** Wraps an action so that the number it resolves to becomes the exit code. */
  run<Args extends unknown[]>(action: (...args: Args) => Promise<number>): (...args: Args) => Promise<void>;
}

/** An example as every command's help shows one. */
export const example = (...lines: readonly string[]): string =>
  ['', lines.length === 1 ? 'Example:' : 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n');
