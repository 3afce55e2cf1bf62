import type { StreamReader } from '../../../../../application/streaming/engine/stream-reader.ts';
import type { StreamEvent } from '../../../../../domain/streaming/stream-event.ts';
import type { Opening, SessionOut } from './kind.ts';

/** Where events go, and who is charged for those that come from the log. */
export interface EventSink {
  readonly out: SessionOut;
  readonly replayed: Opening['replayed'];
}

/** An event as the payload of EVENT: what SSE would write as its `event` and its `data`. */
const eventPayload = ({ type, json }: StreamEvent): Buffer =>
  Buffer.from(`{"event":"${type}","data":${json}}`);

/** Sends events that the client has not, while they are wanted. @returns the offset of the last one, or `after`. */
export async function sendEvents(
  events: readonly StreamEvent[],
  { out, replayed }: EventSink,
  after: number,
  isWanted: () => boolean = () => true,
  isLive = false,
): Promise<number> {
  let last = after;
  for (const event of events) {
    if (event.offset <= last) continue;
    const payload = eventPayload(event);
    const charged = isLive ? undefined : replayed(payload.length);
    if (charged !== undefined) await charged;
    if (!isWanted()) return last;
    last = event.offset;
    const full = out.event(event.offset, payload);
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
  sink: EventSink,
  after: number,
  isWanted?: () => boolean,
): Promise<number> {
  let last = after;
  for (let step = await reader.next(); !step.done; step = await reader.next()) {
    last = await sendEvents(step.value, sink, last, isWanted, reader.isLive);
  }
  return last;
}
