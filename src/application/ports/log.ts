/** Facts of a log line: flat, and never a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The program's log. Writing never throws and never blocks a caller. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
