import type { Clock } from '../../../../application/ports/clock.ts';
import { EXIT } from './exit-code.ts';
import { Ending, Refused, Unreachable } from './failures.ts';
import { type Json, readJson } from './json.ts';
import type { ServiceName, ServiceUrls } from './service-urls.ts';

/** Longest time for an ordinary answer, or for the headers of a stream, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;

/** One request to one of the services. */
export interface ApiRequest {
  readonly service: ServiceName;
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A whole answer, whatever its status. Header names are matched in any case. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; undefined when there is none or it is no JSON. */
  readonly body: Json;
  readonly text: string;
}

/** Whom requests speak for. */
export interface Credential {
  /** What goes behind `Bearer`. */
  token(): string;
  /** Gets a new token in the place of `used`; false when there is none to be had. */
  renew(used: string): Promise<boolean>;
  /** An API key, which opens less than its owner's login does. */
  readonly isApiKey?: true;
}

/** The services' HTTP client: no redirect is followed, so a credential goes only where the user said. */
export class ApiClient {
  readonly #urls: ServiceUrls;
  readonly #clock: Clock;
  readonly #credential: Credential | undefined;

  constructor(urls: ServiceUrls, clock: Clock, credential?: Credential) {
    this.#urls = urls;
    this.#clock = clock;
    this.#credential = credential;
  }

  /** Whether requests speak for somebody by an API key. */
  get usesApiKey(): boolean {
    return this.#credential?.isApiKey === true;
  }

  /** The same client, speaking for somebody. */
  as(credential: Credential): ApiClient {
    return new ApiClient(this.#urls, this.#clock, credential);
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   *
   * @throws Unreachable when there is no whole answer; the signal's reason when it aborts.
   */
  async ask(request: ApiRequest): Promise<ApiAnswer> {
    const response = await this.#renewing(request, this.#limited(request));
    return this.#guarded(request, () => readAnswer(response));
  }

  /**
   * Like {@link ask}, but a refusal is thrown.
   *
   * @throws Refused when the status is no success; Unreachable.
   */
  async call(request: ApiRequest): Promise<ApiAnswer> {
    const answer = await this.ask(request);
    if (answer.status < 200 || answer.status > 299) throw this.refusal(answer);
    return answer;
  }

  /**
   * Sends a request and returns as soon as the headers are there, for a stream.
   *
   * @throws Refused when the status is no success; Unreachable.
   */
  async open(request: ApiRequest): Promise<Response> {
    const connecting = new AbortController();
    const timer = setTimeout(() => connecting.abort(new Unreachable('no answer in time')), ANSWER_TIMEOUT_MS);
    const signal = request.signal ? AbortSignal.any([request.signal, connecting.signal]) : connecting.signal;
    try {
      const response = await this.#renewing(request, signal);
      if (response.ok) return response;
      throw this.refusal(await this.#guarded(request, () => readAnswer(response)));
    } finally {
      clearTimeout(timer);
    }
  }

  /** A refusal as an error, with the server's own sentence. */
  refusal(answer: ApiAnswer): Refused {
    const { body, status, headers } = answer;
    const sentence = body.text('detail') ?? body.text('message') ?? `The server answered ${status}`;
    return new Refused({
      status,
      code: body.text('code') ?? 'unknown',
      sentence,
      retryAfterMs: this.#retryAfterMs(headers.get('retry-after')),
      headers,
    });
  }

  /** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
  #retryAfterMs(header: string | null): number | undefined {
    if (header === null) return undefined;
    if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
    const atMs = Date.parse(header);
    return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - this.#clock.nowMs());
  }

  #limited({ signal }: ApiRequest): AbortSignal {
    const limit = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    return signal ? AbortSignal.any([signal, limit]) : limit;
  }

  /** An access token that ended in the middle of the work is renewed once, then the request is sent again. */
  async #renewing(request: ApiRequest, signal: AbortSignal): Promise<Response> {
    const token = this.#credential?.token();
    const response = await this.#send(request, signal, token);
    if (response.status !== 401 || this.#credential === undefined || token === undefined) return response;
    const copy = await this.#guarded(request, () => readAnswer(response.clone()));
    if (copy.body.text('code') !== 'credential.expired' || !(await this.#credential.renew(token)))
      return response;
    await response.body?.cancel();
    return this.#send(request, signal, this.#credential.token());
  }

  #send(request: ApiRequest, signal: AbortSignal, token: string | undefined): Promise<Response> {
    const { service, path, body, headers, method = body === undefined ? 'GET' : 'POST' } = request;
    return this.#guarded(request, () =>
      fetch(`${this.#urls[service]}${path}`, {
        method,
        signal,
        redirect: 'manual',
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
  }

  async #guarded<Value>(request: ApiRequest, act: () => Promise<Value>): Promise<Value> {
    try {
      return await act();
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      const distrust = whyDistrusted(error);
      if (distrust !== undefined)
        throw new Ending(EXIT.unreachable, `${this.#urls[request.service]} ${distrust}`);
      throw new Unreachable(`${this.#urls[request.service]} ${whyUnreachable(error)}`, { cause: error });
    }
  }
}

async function readAnswer(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: readJson(text), text };
}

/** What is wrong with TLS at a server, by the code that OpenSSL or Node gives it; trying again changes none of it. */
const DISTRUST: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'shows a certificate whose time is over',
  CERT_NOT_YET_VALID: 'shows a certificate whose time has not come',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'speaks no TLS: write http:// in place of https://',
};
const UNKNOWN_ISSUER =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT|GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE))$/;

function whyDistrusted(error: unknown): string | undefined {
  const code = (error as { cause?: { code?: string } }).cause?.code ?? '';
  if (UNKNOWN_ISSUER.test(code))
    return 'shows a certificate that nobody known here vouches for; name its private CA with --ca-file FILE';
  return DISTRUST[code];
}

/** Says in words what a network error was. */
export function whyUnreachable(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError' || error instanceof Unreachable) return 'did not answer in time';
  if (cause?.code === 'ECONNREFUSED') return 'does not answer: nothing listens there';
  if (cause?.code === 'ENOTFOUND') return 'has a name that nobody knows';
  return `broke the connection (${cause?.code ?? 'no whole answer'})`;
}
