import type { Platform } from '../platform/platform.ts';
import type { Credentials } from './credentials.ts';

/** How long before an authority expires it is renewed, at most, in milliseconds; less of one that lasts shortly. */
export const RENEW_BEFORE_MS = 60_000;
/** The share of the time left after which it is renewed at the latest. */
const RENEW_AFTER_SHARE = 0.8;
/** The shortest time between two renewals of one authority, in milliseconds. */
export const RENEW_AGAIN_MS = 5_000;

interface Watched {
  readonly renew: (credential: string) => void;
  readonly credentials: Credentials | undefined;
  /** What the server was shown last. */
  shown: string | undefined;
  cancel: () => void;
}

/** Renews what expires, before it does: a connection's authority and each session's, all from one provider's answer. */
export class Renewals {
  readonly #platform: Platform;
  readonly #watched = new Map<object, Watched>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Watches over an authority. `renew`: shows a credential to the server. Without credentials there is nothing to show. */
  watch(whose: object, renew: (credential: string) => void, credentials: Credentials | undefined): void {
    this.forget(whose);
    this.#watched.set(whose, { renew, credentials, shown: credentials?.last, cancel: () => undefined });
  }

  /** It expires then, in unix milliseconds; null: never. */
  set(whose: object, expiresAt: number | null): void {
    if (expiresAt === null) {
      this.#watched.get(whose)?.cancel();
      return;
    }
    const leftMs = expiresAt - this.#platform.nowMs();
    this.#renewIn(whose, Math.max(leftMs - RENEW_BEFORE_MS, leftMs * RENEW_AFTER_SHARE, RENEW_AGAIN_MS));
  }

  /** The server did not take what was shown. */
  refused(whose: object): void {
    this.#renewIn(whose, RENEW_AGAIN_MS);
  }

  forget(whose: object): void {
    this.#watched.get(whose)?.cancel();
    this.#watched.delete(whose);
  }

  #renewIn(whose: object, delayMs: number): void {
    const watched = this.#watched.get(whose);
    if (watched?.credentials === undefined) return;
    watched.cancel();
    watched.cancel = this.#platform.after(delayMs, () => void this.#renew(whose, watched));
  }

  async #renew(whose: object, watched: Watched): Promise<void> {
    const credential = await watched.credentials?.get('expired', watched.shown).catch(() => undefined);
    if (this.#watched.get(whose) !== watched) return;
    // Until it has expired there is time to ask again; after that the server closes with 4010.
    if (credential === undefined || credential === watched.shown) this.refused(whose);
    else {
      watched.shown = credential;
      watched.renew(credential);
    }
  }
}
