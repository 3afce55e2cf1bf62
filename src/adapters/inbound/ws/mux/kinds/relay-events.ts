import type { StreamReader } from '../../../../../application/streaming/engine/stream-reader.ts';
import type { StreamEvent } from '../../../../../domain/streaming/stream-event.ts';
import type { SessionOut } from './kind.ts';

/** An event as the payload of EVENT: what SSE would write as its `event` and its `data`. */
const eventPayload = ({ type, json }: StreamEvent): Buffer =>
  Buffer.from(`{"event":"${type}","data":${json}}`);

/** Sends events that the client has not, while they are wanted. @returns the offset of the last one, or `after`. */
export async function sendEvents(
  events: readonly StreamEvent[],
  out: SessionOut,
  after: number,
  isWanted: () => boolean = () => true,
): Promise<number> {
  let last = after;
  for (const event of events) {
    if (event.offset <= last) continue;
    if (!isWanted()) return last;
    last = event.offset;
    const full = out.event(event.offset, eventPayload(event));
    if (full !== undefined) await full;
  }
  return last;
}

/**
 * Sends what a reader reads to its end, and no faster than the client takes it: meanwhile the reader is not asked, and
 * ends when it is too far behind.
 *
 * @returns the offset of the last event that was sent, or `after`.
 */
export async function relayEvents(
  reader: StreamReader,
  out: SessionOut,
  after: number,
  isWanted?: () => boolean,
): Promise<number> {
  let last = after;
  for (let step = await reader.next(); !step.done; step = await reader.next()) {
    last = await sendEvents(step.value, out, last, isWanted);
  }
  return last;
}
