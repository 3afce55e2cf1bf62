import type { Platform } from '../platform/platform.ts';
import { MuxError } from './mux-error.ts';

/** Why a credential is asked for. */
export type CredentialReason =
  /** A connection is to be opened, or a session with a credential of its own. */
  | 'connect'
  /** The one in use expires soon, or has. */
  | 'expired'
  /** The one in use has been ended: only another one will do. */
  | 'ended'
  /** The one in use may have been refused: the connection failed, or the server said so. */
  | 'refused';

/** What a provider is asked. */
export interface CredentialRequest {
  readonly reason: CredentialReason;
  /** The credential that was used last. */
  readonly previous?: string;
}

/** Gives an access token or an API key. It may reject; the client then tries again, but not after an ended credential. */
export type CredentialProvider = (request: CredentialRequest) => string | Promise<string>;

/** How long a credential that was just given answers those who ask again because of the same old one, in milliseconds. */
const SHARED_FOR_MS = 5_000;
/** How long a provider may take, in milliseconds. */
const ANSWER_WITHIN_MS = 30_000;

/** Asks a provider, once for all who ask at the same time. */
export class Credentials {
  readonly #provider: CredentialProvider;
  readonly #platform: Platform;
  #last: string | undefined;
  #givenAtMs = 0;
  #asking: Promise<string> | undefined;

  constructor(provider: string | CredentialProvider, platform: Platform) {
    this.#provider = typeof provider === 'string' ? () => provider : provider;
    this.#platform = platform;
  }

  /** The credential that was given last. */
  get last(): string | undefined {
    return this.#last;
  }

  /**
   * Gets a credential. `previous` is the one that is to be replaced.
   *
   * @throws MuxError `credential.refused` when the provider has none, or the ended one again.
   */
  async get(reason: CredentialReason, previous = this.#last): Promise<string> {
    const isFresh = this.#platform.monotonicMs() - this.#givenAtMs < SHARED_FOR_MS;
    if (reason !== 'connect' && this.#last !== undefined && this.#last !== previous && isFresh) {
      return this.#last;
    }
    this.#asking ??= this.#ask(reason, previous).finally(() => {
      this.#asking = undefined;
    });
    const given = await this.#asking;
    if (reason === 'ended' && given === previous) {
      throw new MuxError('credential.refused', 'The credential has been ended, and there is no other');
    }
    return given;
  }

  async #ask(reason: CredentialReason, previous: string | undefined): Promise<string> {
    let cancel = (): void => undefined;
    const tooLate = new Promise<never>((_, reject) => {
      cancel = this.#platform.after(ANSWER_WITHIN_MS, () => reject(new Error('No credential in time')));
    });
    try {
      const asked = (async () =>
        this.#provider({ reason, ...(previous === undefined ? {} : { previous }) }))();
      this.#last = await Promise.race([asked, tooLate]);
      this.#givenAtMs = this.#platform.monotonicMs();
      return this.#last;
    } catch (cause) {
      throw new MuxError('credential.refused', 'There is no credential to be had', { cause });
    } finally {
      cancel();
    }
  }
}
