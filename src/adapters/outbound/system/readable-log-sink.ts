import type { LogSink } from './pino-log.ts';

/** Fields that every line has and a person at a terminal need not see. */
const MACHINE_FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'service', 'msg', 'err']);
/** Control, bidirectional and invisible characters: shown as escapes, so that no text can redraw a terminal. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const shown = (text: string): string =>
  text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** Turns JSON log lines into sentences for a person at a terminal. */
export class ReadableLogSink implements LogSink {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  write(line: string): void {
    const record = JSON.parse(line) as Record<string, unknown>;
    const facts = Object.entries(record)
      .filter(([name]) => !MACHINE_FIELDS.has(name))
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    const cause = record.err as { stack?: string; message?: string } | undefined;
    const stack = (cause?.stack ?? cause?.message ?? '').split('\n').filter((row) => row !== '');
    const head = [String(record.level).padEnd(5), String(record.msg), ...facts].map(shown).join(' ');
    this.#write([head, ...stack.map((row) => `      ${shown(row)}`), ''].join('\n'));
  }
}
