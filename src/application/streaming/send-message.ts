import { DomainError, type DomainErrorCode } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import { chunkText, type StreamEvent } from '../../domain/streaming/stream-event.ts';
import type { ChatId } from '../../domain/streaming/stream-id.ts';
import type { Budget } from '../budget.ts';
import { PortError } from '../ports/port-error.ts';
import type { OpenStream } from './open-stream.ts';

/** A whole answer. */
export interface SentMessage {
  readonly aiResponse: string;
  readonly tokensUsed: number;
}

/** Asks and waits for the whole answer: a stream without a wire, with the same slot, hold and end. */
export class SendMessage {
  readonly #deps: { openStream: OpenStream };

  constructor(deps: { openStream: OpenStream }) {
    this.#deps = deps;
  }

  /**
   * When the signal aborts, the stream goes on like one whose reader has gone.
   *
   * @throws DomainError like {@link OpenStream}, and the model's failure; PortError when the store went away.
   */
  async execute(command: {
    owner: UserId;
    chatId: ChatId;
    message: string;
    modelId?: string;
    budget?: Budget;
    signal: AbortSignal;
  }): Promise<SentMessage> {
    const { signal, ...start } = command;
    const opened = await this.#deps.openStream.execute(start);
    const leave = (): void => opened.events.close();
    signal.addEventListener('abort', leave, { once: true });
    try {
      opened.begin();
      if (signal.aborted) leave();
      let text = '';
      for await (const events of opened.events) {
        for (const event of events) {
          text += chunkText(event);
          const sent = ending(event, text);
          if (sent !== undefined) return sent;
        }
      }
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
    throw new PortError('timeout', 'store', 'the answer broke off and is being recovered');
  }
}

/** What the last event of a stream makes of the text before it; undefined for any other event. */
function ending(event: StreamEvent, text: string): SentMessage | undefined {
  if (event.type === 'done') {
    const { tokensUsed } = JSON.parse(event.json) as { tokensUsed: number };
    return { aiResponse: text, tokensUsed };
  }
  if (event.type !== 'error') return undefined;
  const { code, message } = JSON.parse(event.json) as { code: DomainErrorCode; message: string };
  throw new DomainError(code, message);
}
