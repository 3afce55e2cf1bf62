import { invariant } from '../invariant.ts';
import type { StreamEvent, StreamEventType } from './stream-event.ts';

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

/**
 * One event as a line, `<letter> <output tokens> <json>`, which is how stores keep it. Its offset is its place after the
 * first one, and JSON text needs no line break, so that lines can be joined and told apart again without any escaping.
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

/** Reads lines back, the first of them at `firstOffset`. */
export function parseEventLines(text: string, firstOffset: number): StreamEvent[] {
  const events: StreamEvent[] = [];
  for (const line of text.split('\n')) {
    if (line !== '') events.push(parseEventLine(line, firstOffset + events.length));
  }
  return events;
}

/** Reads one line back, without its line break. */
export function parseEventLine(line: string, offset: number): StreamEvent {
  const type = TYPE.get(line.charAt(0));
  const space = line.indexOf(' ', 2);
  invariant(type !== undefined && space > 2, 'a stored event is a letter, a count and its JSON text');
  return { offset, type, json: line.slice(space + 1), outputTokens: Number(line.slice(2, space)) };
}

/** True when the events are at consecutive offsets from `offset` on. */
export function eventsFollow(events: readonly StreamEvent[], offset: number): boolean {
  let next = offset;
  for (const event of events) {
    if (event.offset !== next) return false;
    next += 1;
  }
  return true;
}
