import { type Logger, type LoggerOptions, pino, stdSerializers } from 'pino';
import type { Log, LogFields } from '../../../application/ports/log.ts';

/** How much is said. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where log lines go; called with one line, its newline included. */
export interface LogSink {
  write(line: string): void;
}

/** Field names whose values are secrets wherever they turn up; the last line of defence, not the first. */
const SECRET_FIELDS = [
  'password',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'key',
  'apiKey',
  'ticket',
  'secret',
];

/** Structured log: one JSON object a line. */
export class PinoLog implements Log {
  readonly #logger: Logger;

  constructor(options: { level: LogLevel; service: string; sink: LogSink }) {
    const settings: LoggerOptions = {
      level: options.level,
      base: { service: options.service },
      serializers: { err: stdSerializers.errWithCause },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[secret]' },
      formatters: { level: (label) => ({ level: label }) },
    };
    this.#logger = pino(settings, options.sink);
  }

  debug(fields: LogFields, message: string): void {
    this.#logger.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#logger.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#logger.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#logger.error(fields, message);
  }
}
