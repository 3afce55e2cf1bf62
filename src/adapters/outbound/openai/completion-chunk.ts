import { modelFailed } from './upstream-failure.ts';

/** What an upstream reports to have used, in tokens. */
export interface ReportedUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One event of an upstream, read. */
export interface CompletionChunk {
  /** Text to show. */
  readonly text: string;
  /** Output that is paid for and not shown. */
  readonly reasoning: string;
  readonly finishReason?: 'stop' | 'length';
  /** Present when both counts are whole numbers of at least 0; zero is a count like any other. */
  readonly usage?: ReportedUsage;
}

/** How much of an upstream's words goes to the log, in UTF-16 code units. */
const MAX_LOGGED_LENGTH = 1_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one event's data. Only the first choice counts, because only one is asked for.
 *
 * @throws DomainError `model.failed` when it is an error or no chunk at all.
 */
export function readChunk(data: string): CompletionChunk {
  const chunk = parse(data);
  if (chunk.error !== undefined && chunk.error !== null) {
    throw modelFailed({ reason: 'error event', upstream: data.slice(0, MAX_LOGGED_LENGTH) });
  }
  const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
  const choice = fieldsOf(choices[0]);
  const delta = fieldsOf(choice.delta);
  const finish = choice.finish_reason;
  const usage = readUsage(chunk.usage);
  return {
    text: stringOf(delta.content) || stringOf(delta.refusal),
    reasoning: stringOf(delta.reasoning_content) || stringOf(delta.reasoning),
    ...(typeof finish === 'string' ? { finishReason: finish === 'length' ? 'length' : 'stop' } : {}),
    ...(usage === undefined ? {} : { usage }),
  };
}

function parse(data: string): Fields {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  } catch {
    // Said below, as for every other value that is no object.
  }
  throw modelFailed({ reason: 'not a chunk', upstream: data.slice(0, MAX_LOGGED_LENGTH) });
}

function readUsage(value: unknown): ReportedUsage | undefined {
  const usage = fieldsOf(value);
  const inputTokens = usage.prompt_tokens;
  const outputTokens = usage.completion_tokens;
  return isCount(inputTokens) && isCount(outputTokens) ? { inputTokens, outputTokens } : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};
