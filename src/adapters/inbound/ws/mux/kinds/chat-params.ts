import type { PersonPrincipal } from '../../../../../domain/identity/principal.ts';
import { invariant } from '../../../../../domain/invariant.ts';
import type { ChatId } from '../../../../../domain/streaming/stream-id.ts';
import { MuxRefusal } from '../mux-refusal.ts';
import type { Opening } from './kind.ts';

/** The chat that a session is about. @throws MuxRefusal `params.invalid`. */
export function chatOf({ params }: Opening): ChatId {
  const { chatSessionId } = params;
  if (typeof chatSessionId === 'string' && chatSessionId !== '') return chatSessionId as ChatId;
  throw new MuxRefusal('params.invalid', 'params.chatSessionId names the chat session');
}

/** The person whose session it is: the permissions of these kinds let nobody else in. */
export function personOf(opening: Opening): PersonPrincipal {
  const principal = opening.principal();
  invariant(principal.kind !== 'agent', 'an agent has no chats');
  return principal;
}
