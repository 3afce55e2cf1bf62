import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Timers } from '../../../../application/ports/timers.ts';
import { whyUnreachable } from './api-client.ts';
import { Unreachable } from './failures.ts';
import { type Json, readJson } from './json.ts';

/** One event of a stream. */
export interface ServerEvent {
  /** The event's offset in its chat; undefined when it has none. */
  readonly offset: number | undefined;
  readonly type: string;
  readonly data: Json;
}

/** A connection on which nothing came for so long is dead, in milliseconds: the server speaks at least every 5 s. */
export const MAX_SILENCE_MS = 20_000;
/** Longest event, in UTF-16 code units. */
const MAX_EVENT_LENGTH = 4_194_304;

/**
 * Reads a response's events (WHATWG HTML, 9.2) as they come. Returns when the server closes the stream; an event
 * that a cut left incomplete is dropped, as the standard wants.
 *
 * @throws Unreachable when the connection breaks or falls silent; the signal's reason when it aborts.
 */
export async function* readEvents(
  response: Response,
  world: { readonly timers: Timers; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<ServerEvent> {
  if (response.body === null) return;
  const ready: EventSourceMessage[] = [];
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_LENGTH,
    onEvent: (message) => ready.push(message),
    onError: (error) => {
      tooLong ||= error.type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await nextPiece(reader, world);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      if (tooLong) throw new Unreachable('the server sent an event that is too long');
      for (const message of ready.splice(0)) yield toEvent(message);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function nextPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { timers, signal }: { readonly timers: Timers; readonly signal?: AbortSignal | undefined },
): Promise<{ done: boolean; value?: Uint8Array | undefined }> {
  const arrived = new AbortController();
  const silence = timers.sleep(MAX_SILENCE_MS, arrived.signal).then(() => {
    throw new Unreachable('the connection fell silent');
  });
  silence.catch(() => undefined);
  try {
    return await Promise.race([reader.read(), silence]);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof Unreachable) throw error;
    throw new Unreachable(`the server ${whyUnreachable(error)}`, { cause: error });
  } finally {
    arrived.abort();
  }
}

function toEvent({ id, event, data }: EventSourceMessage): ServerEvent {
  const offset = id !== undefined && /^[0-9]{1,15}$/.test(id) ? Number(id) : undefined;
  return { offset, type: event ?? 'message', data: readJson(data) };
}
