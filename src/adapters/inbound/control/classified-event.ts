import type { ClassifiedCall, ClassifiedEvent } from '../../../application/ports/control/event-classifier.ts';
import type { PairedEvent } from './paired-event.ts';

/** What the server knows of whoever an event came from, and the client says at its login. */
export interface EventSender {
  /** The agent profile that the key is bound to. */
  readonly profile: string | undefined;
  /** What the client calls itself at login; what it says in an event counts only where it has said nothing there. */
  readonly source: string;
}

/** What a classifier is shown of an event. What it has of calls and texts decides what it is, and its type only where it has none. */
export function classifiedEvent(event: PairedEvent, { profile, source }: EventSender): ClassifiedEvent {
  const { llm, tool } = event;
  const said = {
    profile,
    agentId: event.agent?.agentId ?? '',
    source: source === '' ? event.source : source,
  };
  if (tool) {
    const calls: ClassifiedCall[] = [{ name: tool.toolName, args: tool.input }];
    return { ...said, pairType: 'tool', calls, messages: [], output: tool.output };
  }
  if (llm) {
    const calls = llm.toolCalls.map(({ name, args }) => ({ name, args }));
    return { ...said, pairType: 'llm', calls, messages: llm.messages, output: llm.output };
  }
  return { ...said, pairType: 'unspecified', calls: [], messages: [], output: '' };
}
