import type { ChatMessage } from '../../domain/streaming/chat-session.ts';
import type { CompletionModel, PromptMessage } from '../ports/streaming/completion-model.ts';
import type { ModelDescription } from '../ports/streaming/model-catalog.ts';

/** Most messages of a chat that a prompt is made of. */
export const MAX_PROMPT_MESSAGES = 200;

/**
 * The newest messages that fit the model's context beside an answer, oldest first; the newest one always. At least
 * half of the context is left to the prompt, whatever the model's longest answer.
 */
export function selectPrompt(
  messages: readonly ChatMessage[],
  model: CompletionModel,
  description: ModelDescription,
): readonly PromptMessage[] {
  const { contextTokens, maxOutputTokens } = description;
  let room = Math.max(contextTokens - maxOutputTokens, Math.floor(contextTokens / 2));
  const chosen: PromptMessage[] = [];
  for (const { role, content } of messages.toReversed()) {
    const message: PromptMessage = { role, content };
    room -= model.estimatePromptTokens([message]);
    if (chosen.length > 0 && room < 0) break;
    chosen.push(message);
  }
  return chosen.reverse();
}
