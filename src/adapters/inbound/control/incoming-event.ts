import { hash } from 'node:crypto';
import type { IncomingEvent } from '../../../application/control/event-arrival.ts';
import { type EventClaims, MAX_EVENT_ID_UNITS } from '../../../domain/control/agent-event-state.ts';
import { type ClientFrame, MalformedFrame } from './agent-wire.ts';
import { classifiedEvent, type EventSender } from './classified-event.ts';
import type { PairedEvent } from './paired-event.ts';

/** Longest name that is kept apart from an event's bytes, in UTF-16 units; what is longer is cut there. */
const MAX_CLAIM_UNITS = 256;

/**
 * The events of a batch, each of which is read when it is to be taken.
 *
 * @throws MalformedFrame when an event's id is empty, too long or no text: nothing could be answered to it.
 */
export function eventsOf(
  { events, bytes }: Extract<ClientFrame, { readonly kind: 'batch' }>,
  sender: EventSender,
): ReadonlyArray<() => IncomingEvent> {
  requireAnswerable(events);
  return events.map((event, index) => () => incomingEvent(event, bytes[index] ?? new Uint8Array(), sender));
}

function requireAnswerable(events: readonly PairedEvent[]): void {
  for (const { eventId } of events) {
    if (eventId === '' || eventId.length > MAX_EVENT_ID_UNITS || !eventId.isWellFormed()) {
      throw new MalformedFrame(`An event id has 1 to ${MAX_EVENT_ID_UNITS} characters`);
    }
  }
}

/**
 * An event as the application takes it.
 *
 * @param bytes the event's, copied: what they are a view of may be as large as a frame.
 */
function incomingEvent(event: PairedEvent, bytes: Uint8Array, sender: EventSender): IncomingEvent {
  const classified = classifiedEvent(event, sender);
  const claims: EventClaims = {
    eventId: event.eventId,
    sessionId: claim(event.sessionId),
    connectionId: claim(event.connectionId),
    runId: claim(event.runId),
    agentId: claim(event.agent?.agentId ?? ''),
    source: claim(event.source),
    pairType: classified.pairType,
  };
  return { bytes: new Uint8Array(bytes), sha256: hash('sha256', bytes), claims, classified };
}

const claim = (text: string): string => text.slice(0, MAX_CLAIM_UNITS).toWellFormed();
