import type { DirectoryEntry } from '../../src/application/ports/identity/principal-directory.ts';
import { SERVICE_KEY } from './accounting-service.ts';
import type { Answer } from './api-client.ts';

/** Who a request is from: a person, another service, or nobody. */
export type Sender = DirectoryEntry | 'service' | 'nobody';

/** Asks accounting's routes over HTTP. */
export class AccountingClient {
  readonly #origin: URL;

  constructor(origin: URL) {
    this.#origin = origin;
  }

  get(from: Sender, path: string): Promise<Answer> {
    return this.#send(from, 'GET', path);
  }

  /** Posts a value as JSON, or a text as it is. */
  post(from: Sender, path: string, body: object | string): Promise<Answer> {
    return this.#send(from, 'POST', path, typeof body === 'string' ? body : JSON.stringify(body));
  }

  async #send(from: Sender, method: string, path: string, body?: string): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (from === 'service') headers.authorization = `Bearer ${SERVICE_KEY}`;
    else if (from !== 'nobody') headers.authorization = `Bearer token-${from.username}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(new URL(path, this.#origin), { method, headers, body: body ?? null });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
}
