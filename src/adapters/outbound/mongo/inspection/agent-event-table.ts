import { hash } from 'node:crypto';
import type { Page } from '../../../../application/ports/store-inspection.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';
import {
  AGENT_EVENTS,
  type AgentEventDocument,
  keyOfState,
  stateFrom,
} from '../control/control-documents.ts';
import { inLists, type Moment, seenAs } from './moment.ts';

/** Agents' events that are looked at together, with their bytes. */
const EVENTS_AT_ONCE = 16;

/** Agents' events in the order in which they came. */
export async function* agentEvents(moment: Moment): AsyncGenerator<Page<AgentEventState>> {
  const documents = moment.find<AgentEventDocument>(
    AGENT_EVENTS,
    {},
    { sort: { id: 1 }, batchSize: EVENTS_AT_ONCE },
  );
  for await (const list of inLists(documents, EVENTS_AT_ONCE)) {
    yield list.map((document) =>
      seenAs(
        `agent_events/${document.id}`,
        () => stateFrom(document),
        (state) => amissOf(state, document),
      ),
    );
  }
}

/** What of a document's own notes does not go with its event: it would not be found by them, or is not what came. */
function amissOf(state: AgentEventState, { _id, isOpen }: AgentEventDocument): string | undefined {
  if (hash('sha256', state.bytes, 'hex') !== state.sha256) return 'its bytes have another SHA-256';
  if (keyOfState(state) !== _id) return 'it is kept under the key of another';
  const isUnanswered = state.delivery === 'due' || state.delivery === 'waiting';
  if (isUnanswered === (isOpen === true)) return undefined;
  return `it is ${state.delivery}, and ${isUnanswered ? 'not ' : ''}marked as open`;
}
