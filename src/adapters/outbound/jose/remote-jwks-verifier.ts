import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Clock } from '../../../application/ports/clock.ts';
import type { AccessTokenVerifier } from '../../../application/ports/identity/access-tokens.ts';
import { PortError } from '../../../application/ports/port-error.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';
import { DEFAULT_PARTIES, type TokenParties, verifyAccessToken } from './access-token-form.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** Least time between two fetches once keys are there, in milliseconds: an unknown `kid` causes no more. */
const FETCH_INTERVAL_MS = 30_000;
/** Least time between two tries while there are no keys at all, in milliseconds. */
const FIRST_FETCH_INTERVAL_MS = 1_000;
/** Age at which keys are fetched anew, in milliseconds, so that a withdrawn key stops counting. */
const KEYS_MAX_AGE_MS = 600_000;
/** Longest wait for auth, in milliseconds. */
const FETCH_TIMEOUT_MS = 2_000;
/** Largest key set that is read, in characters. */
const MAX_KEY_SET_CHARACTERS = 65_536;
/** How far the clocks of two services may be apart, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Ed25519 public keys; others are not ours and are left out by their form. */
const KEY_SET = z.object({
  keys: z
    .array(
      z.object({ kty: z.string(), crv: z.string().optional(), x: z.string().optional(), kid: z.string() }),
    )
    .max(100),
});

interface Deps {
  /** Where auth publishes its keys. */
  readonly url: URL;
  readonly clock: Clock;
  readonly parties?: TokenParties;
}

interface FetchedKeys {
  readonly verifyWith: JWTVerifyGetKey;
  readonly fetchedAtMs: number;
  /** What these keys have found good; a key that a newer set lacks is not vouched for by memory. */
  readonly verified: VerifiedTokens;
}

type VerificationKey = Awaited<ReturnType<JWTVerifyGetKey>>;

/** Verifies access tokens in a service that runs apart from auth, with the keys that auth publishes. */
export class RemoteJwksVerifier implements AccessTokenVerifier {
  readonly #deps: Deps;
  #keys: FetchedKeys | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #lastTryFailed = false;
  #fetching: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async verify(token: string): Promise<UserPrincipal> {
    const nowMs = this.#deps.clock.nowMs();
    const known = this.#freshKeys(nowMs)?.verified.find(token, nowMs);
    if (known !== undefined) return known;
    let usedKeys: FetchedKeys | undefined;
    const keyFor: JWTVerifyGetKey = async (...request) => {
      const found = await this.#keyFor(...request);
      usedKeys = found.keys;
      return found.key;
    };
    const found = await verifyAccessToken(token, keyFor, {
      nowMs,
      toleranceSeconds: CLOCK_TOLERANCE_SECONDS,
      parties: this.#deps.parties ?? DEFAULT_PARTIES,
    });
    usedKeys?.verified.remember(token, found);
    return found.principal;
  }

  /** The keys, unless they are due to be fetched anew. */
  #freshKeys(nowMs: number): FetchedKeys | undefined {
    return this.#keys !== undefined && nowMs - this.#keys.fetchedAtMs < KEYS_MAX_AGE_MS
      ? this.#keys
      : undefined;
  }

  async #keyFor(
    ...request: Parameters<JWTVerifyGetKey>
  ): Promise<{ readonly key: VerificationKey; readonly keys: FetchedKeys }> {
    if (this.#freshKeys(this.#deps.clock.nowMs()) === undefined) await this.#refetch();
    const known = this.#keys;
    if (known === undefined) throw outOfReach();
    try {
      return { key: await known.verifyWith(...request), keys: known };
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    await this.#refetch();
    const newer = this.#keys ?? known;
    try {
      return { key: await newer.verifyWith(...request), keys: newer };
    } catch (error) {
      // A key that may be new and could not be asked for is not known to be wrong.
      if (this.#lastTryFailed && error instanceof errors.JWKSNoMatchingKey) throw outOfReach();
      throw error;
    }
  }

  /** Fetches the keys unless that was tried a moment ago; callers at once share one fetch. Failure keeps the old ones. */
  async #refetch(): Promise<void> {
    const intervalMs = this.#keys === undefined ? FIRST_FETCH_INTERVAL_MS : FETCH_INTERVAL_MS;
    if (this.#fetching === undefined) {
      const nowMs = this.#deps.clock.nowMs();
      if (nowMs - this.#triedAtMs < intervalMs) return;
      this.#triedAtMs = nowMs;
      this.#fetching = this.#fetch(nowMs).finally(() => {
        this.#fetching = undefined;
      });
    }
    await this.#fetching;
  }

  async #fetch(nowMs: number): Promise<void> {
    try {
      const response = await fetch(this.#deps.url, {
        headers: { accept: 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
      });
      const text = await readBounded(response);
      const keySet = KEY_SET.parse(JSON.parse(text)) as JSONWebKeySet;
      this.#keys = {
        verifyWith: createLocalJWKSet(keySet),
        fetchedAtMs: nowMs,
        verified: new VerifiedTokens(),
      };
      this.#lastTryFailed = false;
    } catch {
      this.#lastTryFailed = true;
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  if (response.status !== 200 || response.body === null) throw new Error(`answered ${response.status}`);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for await (const bytes of response.body) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_KEY_SET_CHARACTERS) throw new Error('answered with more than a key set');
  }
  return text + decoder.decode();
}

const outOfReach = (): PortError =>
  new PortError('unavailable', 'auth', 'the keys that verify access tokens are out of reach');
