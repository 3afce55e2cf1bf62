import { readApiKey } from '../../../../domain/identity/api-key-text.ts';
import type { Credential } from './api-client.ts';
import { UsageError } from './failures.ts';

/** Speaks for somebody by an API key, which nothing renews. */
export class ApiKeyCredential implements Credential {
  readonly isApiKey = true;
  readonly #key: string;

  /** @throws UsageError when a character of the key is missing or wrong. */
  constructor(key: string) {
    if (readApiKey(key) === undefined) {
      throw new UsageError('HOLDFAST_API_KEY is no API key: a character of it is missing or wrong');
    }
    this.#key = key;
  }

  token(): string {
    return this.#key;
  }

  async renew(): Promise<boolean> {
    return false;
  }

  /** Nothing ends with a program that used a key. */
  async close(): Promise<void> {}
}
