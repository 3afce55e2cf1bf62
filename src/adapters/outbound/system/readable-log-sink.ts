import type { LogSink } from './pino-log.ts';

/** Fields that every line has and a person at a terminal need not see. */
const MACHINE_FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'service', 'msg', 'err']);
/** Control, bidirectional and invisible characters: shown as escapes, so that no text can redraw a terminal. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const shown = (text: string): string =>
  text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** Facts by their names; those of an inner object are told like its own, an error is told by its stack. */
const leavesOf = (record: object): (readonly [name: string, value: string])[] =>
  Object.entries(record).flatMap(([name, value]) => {
    if (typeof value === 'string') return [[name, value] as const];
    const isInner = typeof value === 'object' && value !== null && !Array.isArray(value) && name !== 'err';
    return isInner ? leavesOf(value) : [[name, JSON.stringify(value)] as const];
  });

/** Turns JSON log lines into sentences for a person at a terminal. */
export class ReadableLogSink implements LogSink {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  write(line: string): void {
    const record = JSON.parse(line) as Record<string, unknown>;
    const message = String(record.msg);
    const facts = leavesOf(record)
      .filter(([name, value]) => !MACHINE_FIELDS.has(name) && !message.endsWith(`: ${value}`))
      .map(([name, value]) => `${name}=${value}`);
    const cause = record.err as { stack?: string; message?: string } | undefined;
    const stack = (cause?.stack ?? cause?.message ?? '').split('\n').filter((row) => row !== '');
    const head = [String(record.level).padEnd(5), message, ...facts].map(shown).join(' ');
    this.#write([head, ...stack.map((row) => `      ${shown(row)}`), ''].join('\n'));
  }
}
