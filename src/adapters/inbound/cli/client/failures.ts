import { EXIT } from './exit-code.ts';

/** The command was called wrongly; the message says what is wrong, where, and what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The user asked to leave. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A server could not be reached, or went away in the middle of an answer. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** A server answered with a refusal. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | undefined;
  /** The answer's headers; none when the refusal came inside a stream. */
  readonly headers: Headers;

  constructor(facts: {
    status: number;
    code: string;
    sentence: string;
    retryAfterMs?: number | undefined;
    headers?: Headers;
  }) {
    super(facts.sentence);
    this.status = facts.status;
    this.code = facts.code;
    this.retryAfterMs = facts.retryAfterMs;
    this.headers = facts.headers ?? new Headers();
  }
}

/** A server answered with something that the protocol does not know. */
export class ProtocolFault extends Error {
  override readonly name = 'ProtocolFault';
}

/** A command ends here, with this exit code and this last sentence. */
export class Ending extends Error {
  override readonly name = 'Ending';
  readonly exitCode: number;

  constructor(exitCode: number, sentence: string) {
    super(sentence);
    this.exitCode = exitCode;
  }
}

/** Whether the same request may succeed later: the network failed, or the server said "not now". */
export const isPassing = (error: unknown): error is Unreachable | Refused =>
  error instanceof Unreachable ||
  (error instanceof Refused && (error.status === 429 || error.status === 503));

/** The exit code that an error stands for; undefined for a mistake of the program itself. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof Ending) return error.exitCode;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof Unreachable || isPassing(error)) return EXIT.unreachable;
  if (error instanceof Refused || error instanceof ProtocolFault) return EXIT.no;
  return undefined;
}
