import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { Clock } from '../../../application/ports/clock.ts';
import type { Timers } from '../../../application/ports/timers.ts';
import { DomainError } from '../../../domain/domain-error.ts';
import type { UpstreamEndpoint } from './upstream-endpoint.ts';
import { modelFailed, modelTooSlow } from './upstream-failure.ts';
import {
  MAX_EVENT_LENGTH,
  MAX_REFUSAL_BYTES,
  MAX_RETRY_AFTER_MS,
  REFUSAL_BODY_MS,
  type UpstreamLimits,
} from './upstream-settings.ts';
import { Watchdog } from './watchdog.ts';

/** What one call works with. */
export interface UpstreamCallDeps {
  readonly endpoint: UpstreamEndpoint;
  readonly limits: UpstreamLimits;
  readonly clock: Clock;
  readonly timers: Timers;
}

type Phase = 'connect' | 'first token' | 'idle' | 'usage';

/** One request to an upstream, from the socket to the data of its events. */
export class UpstreamCall {
  readonly #limits: UpstreamLimits;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #request: ClientRequest;
  readonly #watchdog: Watchdog;
  #phase: Phase = 'connect';
  #expired = false;

  /** Sends the request. Abort of the signal closes its socket at once. */
  constructor(deps: UpstreamCallDeps, body: string, signal: AbortSignal) {
    this.#limits = deps.limits;
    this.#clock = deps.clock;
    this.#signal = signal;
    this.#watchdog = new Watchdog({
      clock: deps.clock,
      timers: deps.timers,
      expire: () => {
        this.#expired = true;
        this.#request.destroy();
      },
    });
    this.#request = deps.endpoint.post(body);
    // An error after the response has begun is told by the response; unheard, this one would end the process.
    this.#request.on('error', () => undefined);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#watchdog.arm(this.#limits.connectMs);
    this.#request.once('socket', (socket) => {
      socket.once(deps.endpoint.secure ? 'secureConnect' : 'connect', () => {
        this.#phase = 'first token';
        this.#watchdog.arm(this.#limits.firstTokenMs);
      });
    });
  }

  /** A token came: from now on the pause between events is what is limited. */
  talks(): void {
    if (this.#phase === 'first token') this.#phase = 'idle';
  }

  /** The last token came; only usage can follow. */
  finishes(): void {
    this.#phase = 'usage';
    this.#watchdog.arm(this.#limits.usageMs);
  }

  /** Closes the socket. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#watchdog.close();
    this.#request.destroy();
  }

  /**
   * The data of each event, in order, until the upstream closes its side.
   *
   * @throws DomainError `model.failed` or `model.too_slow`; the signal's reason after an abort.
   */
  async *events(): AsyncGenerator<string> {
    try {
      const [response] = (await once(this.#request, 'response')) as [IncomingMessage];
      if (response.statusCode !== 200) throw await this.#refusal(response);
      if (!/^text\/event-stream\b/i.test(response.headers['content-type'] ?? '')) {
        throw modelFailed({ reason: 'not an event stream', upstream: await this.#startOf(response) });
      }
      yield* this.#read(response);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async *#read(response: IncomingMessage): AsyncGenerator<string> {
    const arrived: string[] = [];
    let fault: DomainError | undefined;
    const parser = createParser({
      maxBufferSize: MAX_EVENT_LENGTH,
      onEvent: ({ event, data }) => {
        if (fault !== undefined) return;
        if (event === 'error') fault = modelFailed({ reason: 'error event', upstream: data.slice(0, 1_000) });
        else arrived.push(data);
      },
      onError: (error) => {
        // llama.cpp sends its errors in a field of that name.
        if (error.type === 'max-buffer-size-exceeded' || error.field === 'error') {
          fault ??= modelFailed({ reason: error.type, upstream: (error.value ?? '').slice(0, 1_000) });
        }
      },
    });
    const decoder = new TextDecoder();
    for await (const bytes of response as AsyncIterable<Uint8Array>) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      if (arrived.length === 0 && fault === undefined) continue;
      if (this.#phase === 'idle') this.#watchdog.rest();
      yield* arrived.splice(0);
      if (fault !== undefined) throw fault;
      if (this.#phase === 'idle') this.#watchdog.arm(this.#limits.idleMs);
    }
  }

  async #refusal(response: IncomingMessage): Promise<DomainError> {
    const status = response.statusCode ?? 0;
    const retryAfterMs = this.#retryAfterMs(response.headers['retry-after']);
    const upstream = await this.#startOf(response);
    return modelFailed({ reason: 'refused', upstreamStatus: status, upstream }, retryAfterMs);
  }

  #retryAfterMs(header: string | undefined): number | undefined {
    if (header === undefined) return undefined;
    const waitMs = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - this.#clock.nowMs();
    return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(0, waitMs), MAX_RETRY_AFTER_MS);
  }

  /** As much of a body as says what is wrong; what cannot be read is left out. */
  async #startOf(response: IncomingMessage): Promise<string> {
    this.#watchdog.arm(REFUSAL_BODY_MS);
    const parts: Uint8Array[] = [];
    let length = 0;
    try {
      for await (const bytes of response as AsyncIterable<Uint8Array>) {
        parts.push(bytes);
        length += bytes.length;
        if (length >= MAX_REFUSAL_BYTES) break;
      }
    } catch (error) {
      if (this.#signal.aborted) throw error;
    }
    return new TextDecoder().decode(Buffer.concat(parts).subarray(0, MAX_REFUSAL_BYTES));
  }

  #explain(error: unknown): unknown {
    if (this.#signal.aborted) return this.#signal.reason;
    if (error instanceof DomainError) return error;
    if (this.#expired) return modelTooSlow(this.#phase);
    const { code, message } = error as NodeJS.ErrnoException;
    return modelFailed({ reason: 'connection', upstream: `${code ?? ''} ${message}`.trim() });
  }

  readonly #onAbort = (): void => {
    this.#request.destroy();
  };
}
