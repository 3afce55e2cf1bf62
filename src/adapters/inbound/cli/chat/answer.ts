import type { IdSource } from '../../../../application/ports/id-source.ts';
import type { Timers } from '../../../../application/ports/timers.ts';
import type { ApiClient } from '../client/api-client.ts';
import { isPassing, ProtocolFault, Refused, Unreachable } from '../client/failures.ts';
import { MAX_TRIES, patiently, waitAfter } from '../client/retry.ts';
import { readEvents, type ServerEvent } from '../client/server-events.ts';

/** What an answer needs of the world. */
export interface AnswerWorld {
  readonly client: ApiClient;
  readonly timers: Timers;
  readonly ids: IdSource;
  /** One line of talk. */
  say(line: string): void;
  /** The next piece of the text, each exactly once and in order. */
  onText(piece: string): Promise<void>;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
}

/** What is asked, and where. */
export interface Question {
  readonly chatId: string;
  readonly message: string;
  readonly modelId?: string | undefined;
}

/** How an answer ended. */
export interface AnswerEnd {
  readonly kind: 'done' | 'error';
  /** `stop`, `length`, `credit`, `stopped` or `deadline`; of an error its code. */
  readonly reason: string;
  /** The server's sentence about an error. */
  readonly sentence: string | undefined;
  readonly tokensUsed: number;
  readonly creditsCharged: number;
  /** SHA-256 of the whole text by the server's account; an error has none. */
  readonly textSha256: string | undefined;
}

/** An error that the server sends to one reader alone: the stream's own log has no such event. */
const READER_ERROR = 'stream.offset_lost';

/**
 * One question and its streamed answer, followed through every cut of the connection. The start carries an
 * `Idempotency-Key`, so that a start whose answer was lost can be sent again and is billed once; after the first
 * event the stream is resumed from its last offset.
 */
export class Answer {
  readonly #world: AnswerWorld;
  readonly #question: Question;
  readonly #key: string;
  #streamId: string | undefined;
  #modelId: string | undefined;
  #lastOffset: number | undefined;
  #text = '';
  #stopWanted = false;
  #stopping: Promise<void> | undefined;

  constructor(world: AnswerWorld, question: Question) {
    this.#world = world;
    this.#question = question;
    this.#key = world.ids.uuid();
  }

  /** The id that the server gave: from its header, else from the `session` event; never made up. */
  get streamId(): string | undefined {
    return this.#streamId;
  }

  /** The model that answers. */
  get modelId(): string | undefined {
    return this.#modelId;
  }

  /** What has arrived so far. */
  get text(): string {
    return this.#text;
  }

  /**
   * Follows the answer to its end.
   *
   * @throws Refused, ProtocolFault; Unreachable after {@link MAX_TRIES} tries that brought nothing new; the
   *   signal's reason.
   */
  async follow(): Promise<AnswerEnd> {
    for (let failed = 0; ; ) {
      const offsetBefore = this.#lastOffset;
      try {
        const end = await this.#readOn();
        await this.#stopping;
        return end;
      } catch (error) {
        if (!isPassing(error)) throw error;
        const hasProgress = this.#lastOffset !== offsetBefore;
        failed = hasProgress ? 0 : failed + 1;
        if (failed >= MAX_TRIES) throw error;
        const waitMs = waitAfter(Math.max(1, failed), error, this.#world.ids);
        const seconds = (waitMs / 1000).toFixed(1);
        this.#world.say(`[${error.message}; ${this.#resumption} in ${seconds} s]`);
        await this.#world.timers.sleep(waitMs, this.#world.signal);
      }
    }
  }

  /** Asks the server to stop; {@link follow} then ends with what was produced. */
  stop(): void {
    this.#stopWanted = true;
    if (this.#streamId === undefined || this.#stopping !== undefined) return;
    const body = { streamingSessionId: this.#streamId };
    const request = {
      service: 'chat',
      path: `${this.#path}/stop`,
      body,
      signal: this.#world.signal,
    } as const;
    this.#stopping = patiently(this.#world, () => this.#world.client.call(request), {
      signal: this.#world.signal,
    }).then(
      () => undefined,
      (error: Error) => this.#world.say(`[The answer could not be stopped: ${error.message}]`),
    );
  }

  get #path(): string {
    return `/api/chat/sessions/${encodeURIComponent(this.#question.chatId)}`;
  }

  get #resumption(): string {
    return this.#lastOffset === undefined ? 'asking again' : `going on after event ${this.#lastOffset}`;
  }

  async #readOn(): Promise<AnswerEnd> {
    const response = await (this.#lastOffset === undefined ? this.#start() : this.#resume(this.#lastOffset));
    if (response.status === 204)
      throw new ProtocolFault('The server has no more of this answer, and no end of it');
    this.#learnId(response.headers.get('x-streaming-session-id'));
    for await (const event of readEvents(response, this.#world)) {
      const end = await this.#take(event);
      if (end !== undefined) return end;
    }
    throw new Unreachable('the connection was closed before the answer ended');
  }

  #start(): Promise<Response> {
    const { message, modelId } = this.#question;
    return this.#world.client.open({
      service: 'chat',
      path: `${this.#path}/stream`,
      body: { message, ...(modelId === undefined ? {} : { modelId }) },
      headers: { 'idempotency-key': this.#key, accept: 'text/event-stream' },
      signal: this.#world.signal,
    });
  }

  #resume(lastOffset: number): Promise<Response> {
    return this.#world.client.open({
      service: 'chat',
      path: `${this.#path}/stream`,
      headers: { 'last-event-id': String(lastOffset), accept: 'text/event-stream' },
      signal: this.#world.signal,
    });
  }

  #learnId(id: string | null | undefined): void {
    if (id === null || id === undefined || id === '') return;
    this.#streamId ??= id;
    if (this.#stopWanted) this.stop();
  }

  async #take({ offset, type, data }: ServerEvent): Promise<AnswerEnd | undefined> {
    if (type === 'error' && data.text('code') === READER_ERROR) {
      throw new Refused({
        status: 410,
        code: READER_ERROR,
        sentence: 'The server no longer has the rest of this stream',
      });
    }
    if (offset === undefined) throw new ProtocolFault('The server sent an event without an id');
    if (this.#lastOffset !== undefined) {
      if (offset <= this.#lastOffset) return undefined;
      if (offset !== this.#lastOffset + 1) throw new Unreachable(`events before ${offset} are missing`);
    }
    this.#lastOffset = offset;
    if (type === 'session') {
      this.#modelId = data.text('modelId');
      this.#learnId(data.text('streamingSessionId'));
    } else if (type === 'chunk') {
      const piece = data.text('text') ?? '';
      this.#text += piece;
      await this.#world.onText(piece);
    } else if (type === 'done' || type === 'error') {
      return {
        kind: type,
        reason: data.text(type === 'done' ? 'finishReason' : 'code') ?? 'unknown',
        sentence: data.text('message'),
        tokensUsed: data.number('tokensUsed') ?? 0,
        creditsCharged: data.number('creditsCharged') ?? 0,
        textSha256: data.text('textSha256'),
      };
    }
    return undefined;
  }
}
