import type { ClassifiedEvent } from '../../../application/ports/control/event-classifier.ts';
import { newFrom } from '../../../domain/control/conversation.ts';
import { normalText } from './normal-text.ts';
import type { Place } from './rule-book.ts';

/** A text of an event, with the tool that it belongs to. */
export interface Piece {
  readonly place: Place;
  /** As rules compare it: small letters, words joined by `_`; empty where there is no tool. */
  readonly tool: string;
  /** As it came. */
  readonly text: string;
}

/** What is looked at of the beginning of a tool's name, and of its end where there is more, in characters. */
const TOOL_NAME_CHARACTERS = 512;
const TOOL_ROLES = /^(tool|function|ipython|tool_result)$/i;
const PERSON_ROLES = /^(user|human)$/i;
/** How the wire of some models shows what a tool gave back, inside a message of the user's. */
const TOOL_RESULT = /"?type"?\s*:\s*"tool_result"|<(?:tool_result|function_results?)>/;

/**
 * The texts of an event in their order: what is asked of tools first.
 *
 * Of a conversation only what came after the model's last words counts: an LLM event carries all of it, and what was
 * said earlier has been classified when it was new.
 */
export function* piecesOf(event: ClassifiedEvent): Generator<Piece> {
  for (const { name, args } of event.calls) yield piece('call', toolName(name), args);
  if (event.pairType === 'tool') {
    yield piece('result', toolName(event.calls[0]?.name ?? ''), event.output);
    return;
  }
  for (const { role, content } of event.messages.slice(newFrom(event.messages))) {
    if (TOOL_ROLES.test(role) || TOOL_RESULT.test(content)) yield piece('result', '', content);
    else if (PERSON_ROLES.test(role)) yield piece('message', '', content);
  }
  yield piece('answer', '', event.output);
}

const piece = (place: Place, tool: string, text: string): Piece => ({ place, tool, text });

/** `runShellCommand`, `run-shell.command` and `Run Shell Command` are one name. */
function toolName(name: string): string {
  const end = Math.max(TOOL_NAME_CHARACTERS, name.length - TOOL_NAME_CHARACTERS);
  const looked = name.slice(0, TOOL_NAME_CHARACTERS) + name.slice(end);
  const words = looked.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return normalText(words).plain.replace(/[^a-z0-9]+/g, '_');
}
