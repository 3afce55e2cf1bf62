import { parseEventLine } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';

/** Begins a line that names a stream; no letter of an event. */
const HEADING = '@';

/** How every group of a stream's events begins. */
export const groupHeading = (id: StreamId): string => `${HEADING}${id} `;

/** Events of one stream within a group of several streams: a line that names it and where they begin, then their lines. */
export const eventGroup = (heading: string, firstOffset: number, lines: string): string =>
  `${heading}${firstOffset}\n${lines}`;

/** Reads a group back: each stream's events are handed to `onEvent`, in order, for the streams that `wants` names. */
export function parseEventGroups(
  text: string,
  wants: (id: StreamId) => boolean,
  onEvent: (id: StreamId, event: StreamEvent) => void,
): void {
  let current: StreamId | undefined;
  let offset = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith(HEADING)) {
      const [id = '', first = ''] = line.slice(1).split(' ');
      current = wants(id as StreamId) ? (id as StreamId) : undefined;
      offset = Number(first);
    } else if (line !== '' && current !== undefined) {
      onEvent(current, parseEventLine(line, offset));
      offset += 1;
    }
  }
}
