import { isReviewId } from '../../../../domain/control/agent-event-id.ts';
import type { ControlWord } from '../../../../domain/control/control-word.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';

/** A word as it goes over the wire, without a space in it. */
export const controlWordText = (word: ControlWord): string =>
  Buffer.from(JSON.stringify(word)).toString('base64url');

/** Reads a word that came; undefined when it is none: whoever can write to the server can write anything. */
export function controlWordFrom(text: string): ControlWord | undefined {
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null) return undefined;
  const { kind, route, id, sessionId } = said as Record<string, unknown>;
  if (kind === 'event' || kind === 'policy') return { kind };
  if (kind === 'owners' && typeof sessionId === 'string') return { kind, sessionId };
  if (kind === 'review' && typeof id === 'string' && isReviewId(id)) return { kind, id };
  if (kind !== 'due' || typeof route !== 'object' || route === null) return undefined;
  const { owner, sessionId: name } = route as Record<string, unknown>;
  if (typeof owner !== 'string' || typeof name !== 'string') return undefined;
  return { kind, route: { owner: owner as SubscriberOwner, sessionId: name } };
}
