import type { ApiAnswer, ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import type { Login } from '../client/login.ts';
import { WatchedStream } from './watched-stream.ts';

/** Micro-credits in one credit: amounts are compared as integers. */
const MICROS_PER_CREDIT = 1_000_000;
/** Looks at a balance until running holds have been settled: a server may need up to 2 s and a retry. */
const SETTLE_LOOKS = 40;
/** Wait between two looks, in milliseconds. */
const SETTLE_WAIT_MS = 250;

/** What an account holds, in micro-credits. */
export interface AccountView {
  readonly available: number;
  readonly held: number;
}

/** A decimal number of credits as micro-credits; NaN when it is no number. */
export const toMicros = (credits: number | undefined): number =>
  credits === undefined ? Number.NaN : Math.round(credits * MICROS_PER_CREDIT);

/** Micro-credits as people read them. */
export const showCredits = (micros: number): string => `${micros / MICROS_PER_CREDIT} credits`;

/** Somebody who has logged in, and what he can do. */
export class Actor {
  readonly client: ApiClient;
  readonly login: Login;
  readonly #io: CommandIo;

  constructor(client: ApiClient, login: Login, io: CommandIo) {
    this.client = client.as(login);
    this.login = login;
    this.#io = io;
  }

  get userId(): string {
    return this.login.user.id;
  }

  /** Makes a chat and returns its id. */
  async createChat(title: string): Promise<string | undefined> {
    const request = {
      service: 'chat',
      path: '/api/chat/sessions',
      body: { title, source: 'verify' },
    } as const;
    return (await this.client.call(request)).body.text('sessionId');
  }

  /** Deletes a chat; one that is no longer there is as good. */
  async deleteChat(chatId: string): Promise<void> {
    const answer = await this.client.ask({ service: 'chat', method: 'DELETE', path: chatPath(chatId) });
    if (answer.status !== 200 && answer.status !== 404) throw this.client.refusal(answer);
  }

  /** The account as it is now. */
  async account(): Promise<AccountView> {
    const { body } = await this.client.call({ service: 'accounting', path: '/api/credits/balance' });
    return {
      available: toMicros(body.number('availableCredits')),
      held: toMicros(body.number('heldCredits')),
    };
  }

  /** The account once no more than `held` is held, or as it is when that does not come about in time. */
  async settledAccount(held: number): Promise<AccountView> {
    for (let looks = 1; ; looks += 1) {
      const now = await this.account();
      if (now.held <= held || looks >= SETTLE_LOOKS) return now;
      await this.#io.timers.sleep(SETTLE_WAIT_MS);
    }
  }

  /** Credits charged and records written so far, by the usage statistics. */
  async usage(): Promise<{ credits: number; records: number }> {
    const { body } = await this.client.call({ service: 'accounting', path: '/api/usage/stats' });
    return {
      credits: toMicros(body.number('totalCredits')),
      records: body.number('totalRecords') ?? Number.NaN,
    };
  }

  /**
   * Starts a stream.
   *
   * @throws Refused when the server refuses.
   */
  startStream(chatId: string, message: string, idempotencyKey?: string): Promise<WatchedStream> {
    return WatchedStream.open(this.client, this.#io, {
      service: 'chat',
      path: `${chatPath(chatId)}/stream`,
      body: { message },
      ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
    });
  }

  /** Follows the chat's stream from an offset, or from its beginning. */
  followStream(chatId: string, lastOffset?: number): Promise<WatchedStream> {
    return WatchedStream.open(this.client, this.#io, {
      service: 'chat',
      path: `${chatPath(chatId)}/stream`,
      ...(lastOffset === undefined ? {} : { headers: { 'last-event-id': String(lastOffset) } }),
    });
  }

  /** Sends an update with whatever it should carry. */
  update(chatId: string, body: Readonly<Record<string, unknown>>): Promise<ApiAnswer> {
    return this.client.ask({ service: 'chat', path: `${chatPath(chatId)}/update-stream`, body });
  }

  /** Asks to stop a stream. */
  stop(chatId: string, streamingSessionId: string): Promise<ApiAnswer> {
    return this.client.ask({
      service: 'chat',
      path: `${chatPath(chatId)}/stop`,
      body: { streamingSessionId },
    });
  }
}

/** The path of a chat. */
export const chatPath = (chatId: string): string => `/api/chat/sessions/${encodeURIComponent(chatId)}`;
