import type { IdSource } from '../../../../application/ports/id-source.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import type { ApiClient } from '../client/api-client.ts';
import { Ending, exitCodeOf, isPassing } from '../client/failures.ts';
import { MAX_TRIES, patiently } from '../client/retry.ts';

/** What a receipt says. */
export interface ReceiptFacts {
  readonly chatId: string;
  readonly streamId: string;
  readonly text: string;
  readonly tokensUsed: number;
}

/**
 * Tells the server what arrived. The same body is sent on every try, and the server answers a repeat with the
 * first answer, so a try whose answer was lost does no harm.
 *
 * @returns what the server calls the receipt: `exact`, `partial` or `stopped`.
 * @throws Ending with a sentence that says what is kept, when the receipt cannot be delivered or is refused; the
 *   signal's reason.
 */
export async function sendReceipt(
  world: {
    readonly client: ApiClient;
    readonly timers: Timers;
    readonly ids: IdSource;
    readonly signal: AbortSignal;
    say(line: string): void;
  },
  facts: ReceiptFacts,
): Promise<string> {
  const request = {
    service: 'chat',
    path: `/api/chat/sessions/${encodeURIComponent(facts.chatId)}/update-stream`,
    body: {
      completeResponse: facts.text,
      streamingSessionId: facts.streamId,
      tokensUsed: facts.tokensUsed,
    },
    signal: world.signal,
  } as const;
  try {
    const { body } = await patiently(world, () => world.client.call(request), {
      signal: world.signal,
      onWait: ({ error, waitMs }) =>
        world.say(`[The receipt did not arrive: ${error.message}; again in ${(waitMs / 1000).toFixed(1)} s]`),
    });
    return body.text('receipt') ?? 'accepted';
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined || world.signal.aborted) throw error;
    const reason = (error as Error).message;
    const how = isPassing(error) ? `could not be delivered in ${MAX_TRIES} tries` : 'was refused';
    throw new Ending(
      code,
      `The receipt ${how}: ${reason}. Nothing is lost: the server keeps the answer and its charge by its own ` +
        `record; holdfast chat --resume ${facts.chatId} goes on with this chat.`,
    );
  }
}
