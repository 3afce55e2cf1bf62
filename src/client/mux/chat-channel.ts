import { type Platform, sleep } from '../platform/platform.ts';
import { jsonOf, jsonPayload } from './frames.ts';
import { MuxError } from './mux-error.ts';
import type { MuxSession } from './mux-session.ts';
import type { SessionCore } from './session-core.ts';

/** What a chat answers to a call: the status and the body, problems too, of the HTTP route. */
export interface ChatAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One event of a chat's streams. `gap`: what lies between is not kept any more; `data` is `{after}`. */
export interface ChatEvent {
  readonly offset: number;
  readonly event: string;
  readonly data: unknown;
}

/** What a stream is started with. */
export interface ChatStart {
  readonly message: string;
  readonly modelId?: string;
  /** Makes a start that is sent twice the same one. Drawn unless given. */
  readonly idempotencyKey?: string;
}

/** What the client says to have received. */
export interface ChatReceipt {
  readonly streamingSessionId: string;
  readonly completeResponse: string;
  readonly tokensUsed?: number;
}

interface Call {
  readonly payload: Uint8Array;
  /** Whether a connection had it; what waits for one is sent by the next of itself. */
  isSent: boolean;
  resolve(answer: ChatAnswer): void;
  reject(error: unknown): void;
}

/**
 * A chat over a session. Each call can be repeated without doing anything twice, so that one whose answer was lost in a
 * cut is sent again. Iterating gives the events of its streams; while nobody takes them out, answers behind them wait.
 */
export class ChatChannel implements AsyncIterable<ChatEvent> {
  readonly session: MuxSession;
  readonly #core: SessionCore;
  readonly #platform: Platform;
  readonly #calls = new Map<string, Call>();
  #refs = 0;

  /** Made by `MuxClient.openChat`. */
  constructor(session: MuxSession, core: SessionCore, platform: Platform) {
    this.session = session;
    this.#core = core;
    this.#platform = platform;
    core.listener = {
      onData: (bytes) => this.#onAnswer(jsonOf(bytes)),
      onDoubt: (inMs) => void this.#sendAgain(inMs),
      onRefused: (code, message) => this.#refuseOldest(new MuxError(code, message)),
    };
    void session.ended.then(({ error, reason }) => {
      for (const { reject } of this.#calls.values()) reject(error ?? new MuxError('gone', reason));
      this.#calls.clear();
    });
  }

  /** Starts a stream, whose events follow. */
  start(question: ChatStart): Promise<ChatAnswer> {
    return this.#call('start', { idempotencyKey: this.#platform.uuid(), ...question });
  }

  /** Reads on behind an event; without one the running or last stream from its beginning. 204: there is nothing. */
  follow(lastEventId?: number): Promise<ChatAnswer> {
    return this.#call('follow', lastEventId === undefined ? {} : { lastEventId });
  }

  stop(streamingSessionId: string): Promise<ChatAnswer> {
    return this.#call('stop', { streamingSessionId });
  }

  /** Sends the receipt. One that does not fit a frame goes by HTTP. */
  update(receipt: ChatReceipt): Promise<ChatAnswer> {
    return this.#call('update', receipt);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ChatEvent, undefined> {
    for await (const message of this.session) {
      if (message.type === 'gap') {
        yield { offset: message.offset, event: 'gap', data: { after: message.after } };
      } else if (message.type === 'event') {
        const { event, data } = jsonOf(message.bytes);
        yield { offset: message.offset, event: String(event), data };
      }
    }
  }

  #call(op: string, body: object): Promise<ChatAnswer> {
    this.#refs += 1;
    const ref = `c${this.#refs}`;
    return new Promise((resolve, reject) => {
      const call: Call = {
        payload: jsonPayload({ ref, op, ...body }),
        isSent: false,
        resolve,
        reject: (error) => {
          this.#calls.delete(ref);
          reject(error);
        },
      };
      this.#calls.set(ref, call);
      void this.#send(call);
    });
  }

  async #send(call: Call): Promise<void> {
    call.isSent = false;
    try {
      await this.#core.send(call.payload);
      call.isSent = true;
    } catch (error) {
      call.reject(error);
    }
  }

  #onAnswer(json: Readonly<Record<string, unknown>>): void {
    const ref = String(json.ref);
    const call = this.#calls.get(ref);
    this.#calls.delete(ref);
    call?.resolve({ status: Number(json.status), body: json.body });
  }

  /** Frames may have been lost: what has no answer is sent once more. */
  async #sendAgain(inMs: number): Promise<void> {
    if (inMs > 0) await sleep(this.#platform, inMs);
    for (const call of [...this.#calls.values()]) if (call.isSent) void this.#send(call);
  }

  /** A refusal names no call, but calls are answered in their order. */
  #refuseOldest(error: MuxError): void {
    const [oldest] = this.#calls.values();
    oldest?.reject(error);
  }
}
