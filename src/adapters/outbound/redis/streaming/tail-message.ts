import { eventLines, eventsFollow, parseEventLines } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';

/** What one node tells the readers of a stream on the others. */
export type TailMessage =
  | { readonly kind: 'events'; readonly events: readonly StreamEvent[] }
  /** The writer has gone. */
  | { readonly kind: 'disconnected' }
  /** Something that was to be told was lost. */
  | { readonly kind: 'missed' };

const DISCONNECTED = 'gone';
const MISSED = 'missed';

/** A message as text: who says it, the offset of the first event or a word, and the events' lines. */
export function tailText(origin: string, message: TailMessage): string {
  if (message.kind === 'disconnected') return `${origin} ${DISCONNECTED}`;
  const first = message.kind === 'events' ? message.events[0]?.offset : undefined;
  if (message.kind !== 'events' || first === undefined || !eventsFollow(message.events, first)) {
    return `${origin} ${MISSED}`;
  }
  return `${origin} ${first}\n${eventLines(message.events)}`;
}

/** Reads a message of another; undefined when it is one's own. What is not understood is as good as lost. */
export function readTailText(text: string, ownOrigin: string): TailMessage | undefined {
  if (text.startsWith(`${ownOrigin} `)) return undefined;
  const end = text.indexOf('\n');
  const [, what = ''] = (end < 0 ? text : text.slice(0, end)).split(' ');
  if (what === DISCONNECTED) return { kind: 'disconnected' };
  const first = Number(what);
  if (end < 0 || !Number.isSafeInteger(first) || first < 1) return { kind: 'missed' };
  try {
    return { kind: 'events', events: parseEventLines(text.slice(end + 1), first) };
  } catch {
    return { kind: 'missed' };
  }
}
