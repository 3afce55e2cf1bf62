import { chunkText, type StreamEvent } from '../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { EventLog } from '../../ports/streaming/event-log.ts';

/** Events read from the log at once. */
export const LOG_PAGE = 512;

/** A stream's log from an offset on, page by page. */
export async function* readLog(
  log: EventLog,
  id: StreamId,
  afterOffset: number,
): AsyncGenerator<readonly StreamEvent[]> {
  let cursor = afterOffset;
  for (;;) {
    const page = await log.read(id, cursor, LOG_PAGE);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    cursor = last.offset;
  }
}

/** What a stream's whole log comes to. */
export interface LogSummary {
  readonly text: string;
  readonly hasChunk: boolean;
  readonly outputTokens: number;
  /** Offset of the last event; the offset before the first one when the log is empty. */
  readonly lastOffset: number;
}

/** Reads a stream's log to its end. */
export function summariseLog(
  log: EventLog,
  stream: { readonly id: StreamId; readonly firstOffset: number },
): Promise<LogSummary> {
  const nothing = { text: '', hasChunk: false, outputTokens: 0, lastOffset: stream.firstOffset - 1 };
  return extendSummary(log, stream.id, nothing);
}

/** Reads on from what is known of a stream's log to its present end. */
export async function extendSummary(log: EventLog, id: StreamId, known: LogSummary): Promise<LogSummary> {
  let { text, hasChunk, outputTokens, lastOffset } = known;
  for await (const page of readLog(log, id, lastOffset)) {
    for (const event of page) {
      text += chunkText(event);
      hasChunk ||= event.type === 'chunk';
      outputTokens = event.outputTokens;
      lastOffset = event.offset;
    }
  }
  return { text, hasChunk, outputTokens, lastOffset };
}
