import type { ClientRequest, RequestOptions } from 'node:http';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { UpstreamSettings } from './upstream-settings.ts';

/** The official API, whose newer models know only `max_completion_tokens`; the other servers all know `max_tokens`. */
const OFFICIAL_HOST = 'api.openai.com';
const HEADER_SAFE = /^[\x21-\x7e]+$/;

/**
 * Where one upstream listens. It talks to the configured origin alone: no redirect is followed, no proxy of
 * the environment is used, and certificates are always validated, whatever the environment says. Each call
 * has a connection of its own, so that closing it ends exactly that call; TLS sessions are resumed.
 */
export class UpstreamEndpoint {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: HttpAgent | HttpsAgent;

  /** @throws TypeError for a URL or a key of another form; the message never contains the key. */
  constructor({ url, apiKey }: Pick<UpstreamSettings, 'url' | 'apiKey'>) {
    this.#url = completionsUrl(url);
    if (apiKey !== undefined && !HEADER_SAFE.test(apiKey)) {
      throw new TypeError('The key of the model server must be one line of visible ASCII characters');
    }
    this.#headers = {
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    };
    this.#agent = this.secure
      ? new HttpsAgent({ keepAlive: false, rejectUnauthorized: true, minVersion: 'TLSv1.2' })
      : new HttpAgent({ keepAlive: false });
  }

  /** Whether the connection is TLS. */
  get secure(): boolean {
    return this.#url.protocol === 'https:';
  }

  /** The request's field for the most output tokens. */
  get maxTokensField(): 'max_tokens' | 'max_completion_tokens' {
    return this.#url.hostname === OFFICIAL_HOST ? 'max_completion_tokens' : 'max_tokens';
  }

  /** Sends a request; the caller owns it. */
  post(body: string): ClientRequest {
    const options: RequestOptions = {
      method: 'POST',
      agent: this.#agent,
      headers: { ...this.#headers, 'content-length': Buffer.byteLength(body) },
    };
    const request = this.secure ? httpsRequest(this.#url, options) : httpRequest(this.#url, options);
    request.end(body);
    return request;
  }
}

function completionsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !['http:', 'https:'].includes(url.protocol) ||
    `${url.username}${url.password}${url.search}${url.hash}` !== ''
  ) {
    throw new TypeError(
      'The URL of the model server must be http or https, without credentials, query and fragment, such as http://127.0.0.1:11434/v1',
    );
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  return url;
}
