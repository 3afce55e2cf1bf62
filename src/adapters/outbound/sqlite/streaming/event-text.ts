import { invariant } from '../../../../domain/invariant.ts';
import type { StreamEvent, StreamEventType } from '../../../../domain/streaming/stream-event.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';

/** How a line begins: the letter of its type. */
const BEGINNING: Readonly<Record<StreamEventType, string>> = {
  session: 's ',
  chunk: 'c ',
  done: 'd ',
  error: 'e ',
};
const TYPE: ReadonlyMap<string, StreamEventType> = new Map([
  ['s', 'session'],
  ['c', 'chunk'],
  ['d', 'done'],
  ['e', 'error'],
]);
/** Begins a line that names a stream; no letter of an event. */
const HEADING = '@';

/**
 * One event as a line, `<letter> <output tokens> <json>`. Its offset is its place after the first one, and JSON
 * text needs no line break, so that lines can be joined and told apart again without any escaping.
 */
export function eventLine(event: StreamEvent): string {
  invariant(!event.json.includes('\n'), 'the JSON text of an event is one line');
  return `${BEGINNING[event.type]}${event.outputTokens} ${event.json}\n`;
}

/** The events of one stream, one line each. */
export function eventLines(events: readonly StreamEvent[]): string {
  let text = '';
  for (const event of events) text += eventLine(event);
  return text;
}

/** How every group of a stream's events begins. */
export const groupHeading = (id: StreamId): string => `${HEADING}${id} `;

/** Events of one stream within a group of several streams: a line that names it and where they begin, then their lines. */
export const eventGroup = (heading: string, firstOffset: number, lines: string): string =>
  `${heading}${firstOffset}\n${lines}`;

/** Reads lines back, the first of them at `firstOffset`. */
export function parseEventLines(text: string, firstOffset: number): StreamEvent[] {
  const events: StreamEvent[] = [];
  for (const line of text.split('\n')) {
    if (line !== '') events.push(parseLine(line, firstOffset + events.length));
  }
  return events;
}

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
      onEvent(current, parseLine(line, offset));
      offset += 1;
    }
  }
}

function parseLine(line: string, offset: number): StreamEvent {
  const type = TYPE.get(line.charAt(0));
  const space = line.indexOf(' ', 2);
  invariant(type !== undefined && space > 2, 'a stored event is a letter, a count and its JSON text');
  return { offset, type, json: line.slice(space + 1), outputTokens: Number(line.slice(2, space)) };
}
