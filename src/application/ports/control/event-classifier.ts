import type { ConversationMessage } from '../../../domain/control/conversation.ts';
import type { MadCode } from '../../../domain/control/mad-code.ts';

/** A tool that a model asks for, or that has been run. */
export interface ClassifiedCall {
  readonly name: string;
  /** As the client sent them: JSON text as a rule, and anything at all where the client wishes. */
  readonly args: string;
}

/** What of an agent's event a classifier is shown, all of it data that somebody else has written. */
export interface ClassifiedEvent {
  readonly pairType: 'llm' | 'tool' | 'unspecified';
  /** The agent profile that the key is bound to, which is the server's own knowledge; undefined for a key without. */
  readonly profile: string | undefined;
  /** What the client calls its agent. It may make an outcome stricter, never laxer. */
  readonly agentId: string;
  /** What the client says it is; as `agentId`. */
  readonly source: string;
  /** The tools that a model asks for, or the one that was run. */
  readonly calls: readonly ClassifiedCall[];
  /** The conversation that a model was shown; empty for a tool. */
  readonly messages: readonly ConversationMessage[];
  /** What the model said, or what the tool gave back. */
  readonly output: string;
}

/** What an event was found to be. */
export interface Classified {
  readonly kind: 'classified';
  readonly code: MadCode;
  /** One sentence for whoever decides about the event; empty for one that nothing speaks against. */
  readonly reason: string;
  /** The name of what decided, such as a rule's; undefined where nothing did. */
  readonly rule: string | undefined;
}

/** What a classifier came to. An error is whatever leaves the event unclassified, a time limit too. */
export type Finding =
  | Classified
  /** `known`: what it is at the least, where so much could be found out. */
  | { readonly kind: 'error'; readonly reason: string; readonly known?: Classified };

/**
 * Says how dangerous an agent's event is.
 *
 * - It answers about the event alone: the same event under the same rules gets the same finding, whatever was asked
 *   before or is asked meanwhile. It keeps nothing of an event.
 * - It never rejects and never throws: what goes wrong is a finding of the kind `error`. Once `signal` is aborted it
 *   answers `error` as soon as it can, and whoever asked need not wait for that.
 * - Its time grows with the size of the event and not faster, and it lets other work have its turn while it looks at
 *   a large one.
 * - How many events it is asked about at once, and whose turn it is, is the business of who asks.
 */
export interface EventClassifier {
  /**
   * What `classify` would answer, where that takes less time than waiting for one's turn would: a small part of a
   * millisecond as a rule, and never the time of a large event. Undefined where it would take more; absent where it always
   * would.
   */
  classifyAtOnce?(event: ClassifiedEvent): Finding | undefined;
  /** What an event is at the least, as quickly as `classifyAtOnce`; undefined where that takes longer, absent where it always does. */
  knownAtOnce?(event: ClassifiedEvent): Classified | undefined;
  classify(event: ClassifiedEvent, signal: AbortSignal): Promise<Finding>;
}
