/** One message of a conversation that a model was shown. */
export interface ConversationMessage {
  readonly role: string;
  readonly content: string;
}

/** What clients call the model itself. */
const MODEL_ROLES = /^(assistant|model|ai)$/i;

/**
 * Where in a conversation begins what came after the model's last words. An event of a model carries its whole
 * conversation; what stands before that was said in an earlier event.
 */
export const newFrom = (messages: readonly ConversationMessage[]): number =>
  messages.findLastIndex(({ role }) => MODEL_ROLES.test(role)) + 1;
