import {
  type CryptoKey,
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTVerifyGetKey,
  SignJWT,
} from 'jose';
import type { Clock } from '../../../application/ports/clock.ts';
import type { IdSource } from '../../../application/ports/id-source.ts';
import type {
  AccessTokenIssuer,
  AccessTokenVerifier,
  IssuedAccessToken,
} from '../../../application/ports/identity/access-tokens.ts';
import type {
  SigningKey,
  SigningKeyRepository,
} from '../../../application/ports/identity/signing-key-repository.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';
import { invariant } from '../../../domain/invariant.ts';
import {
  claimsOf,
  DEFAULT_PARTIES,
  MAX_TOKEN_LIFE_SECONDS,
  TOKEN_ALGORITHM,
  TOKEN_TYPE,
  type TokenParties,
  verifyAccessToken,
} from './access-token-form.ts';
import { VerifiedTokens } from './verified-tokens.ts';

interface Deps {
  readonly keys: SigningKeyRepository;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Life of a token, in whole seconds; at most `MAX_TOKEN_LIFE_SECONDS`, which it is when absent. */
  readonly lifeSeconds?: number;
  readonly parties?: TokenParties;
}

/** The keys of a store, ready for use. */
interface KeyRing {
  readonly kid: string;
  readonly signWith: CryptoKey;
  readonly published: readonly JWK[];
  readonly verifyWith: JWTVerifyGetKey;
  readonly verified: VerifiedTokens;
}

/** Issues access tokens with the store's newest key and verifies them with any of its keys. */
export class JoseAccessTokens implements AccessTokenIssuer, AccessTokenVerifier {
  readonly #deps: Deps;
  readonly #lifeSeconds: number;
  readonly #parties: TokenParties;
  #ring: Promise<KeyRing> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#lifeSeconds = deps.lifeSeconds ?? MAX_TOKEN_LIFE_SECONDS;
    this.#parties = deps.parties ?? DEFAULT_PARTIES;
    invariant(
      Number.isSafeInteger(this.#lifeSeconds) &&
        this.#lifeSeconds > 0 &&
        this.#lifeSeconds <= MAX_TOKEN_LIFE_SECONDS,
      `not the life of an access token: ${this.#lifeSeconds} s`,
    );
  }

  async issue(
    principal: UserPrincipal,
    loginEndsAtMs = Number.POSITIVE_INFINITY,
  ): Promise<IssuedAccessToken> {
    const { clock, ids } = this.#deps;
    const ring = await this.#keys();
    const issuedAtSeconds = Math.floor(clock.nowMs() / 1000);
    const leftSeconds = Math.max(1, Math.floor(loginEndsAtMs / 1000) - issuedAtSeconds);
    const lifeSeconds = Math.min(this.#lifeSeconds, leftSeconds);
    const token = await new SignJWT(claimsOf(principal))
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: ring.kid })
      .setIssuer(this.#parties.issuer)
      .setAudience(this.#parties.audience)
      .setIssuedAt(issuedAtSeconds)
      .setExpirationTime(issuedAtSeconds + lifeSeconds)
      .setJti(ids.uuid())
      .sign(ring.signWith);
    return { token, expiresInSeconds: lifeSeconds };
  }

  async publicKeys(): Promise<{ readonly keys: ReadonlyArray<Record<string, unknown>> }> {
    const { published } = await this.#keys();
    return { keys: published.map((key) => ({ ...key })) };
  }

  async verify(token: string): Promise<UserPrincipal> {
    const { verifyWith, verified } = await this.#keys();
    const nowMs = this.#deps.clock.nowMs();
    const known = verified.find(token, nowMs);
    if (known !== undefined) return known;
    const at = { nowMs, toleranceSeconds: 0, parties: this.#parties };
    const found = await verifyAccessToken(token, verifyWith, at);
    verified.remember(token, found);
    return found.principal;
  }

  /** Reads the keys once; a store that was out of reach is asked again at the next call. */
  #keys(): Promise<KeyRing> {
    this.#ring ??= this.#readKeys().catch((error: unknown) => {
      this.#ring = undefined;
      throw error;
    });
    return this.#ring;
  }

  async #readKeys(): Promise<KeyRing> {
    const { keys, clock } = this.#deps;
    const stored = await keys.list();
    const [newest, ...older] =
      stored.length > 0 ? stored : [await keys.addFirst(await makeKey(clock.nowMs()))];
    invariant(newest !== undefined, 'a store with no signing key after one was added');
    const signWith = await importJWK(JSON.parse(newest.privateJwk) as JWK, TOKEN_ALGORITHM);
    invariant(!(signWith instanceof Uint8Array), 'a signing key that is a shared secret');
    const published = [newest, ...older].map(publicJwk);
    return {
      kid: newest.kid,
      signWith,
      published,
      verifyWith: createLocalJWKSet({ keys: published }),
      verified: new VerifiedTokens(),
    };
  }
}

async function makeKey(createdAtMs: number): Promise<SigningKey> {
  const pair = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
  const privateJwk = await exportJWK(pair.privateKey);
  const kid = await calculateJwkThumbprint(privateJwk);
  return { kid, algorithm: TOKEN_ALGORITHM, privateJwk: JSON.stringify(privateJwk), createdAtMs };
}

/** The public half alone: named members, so that no private one can slip out. */
function publicJwk(key: SigningKey): JWK {
  const { kty, crv, x } = JSON.parse(key.privateJwk) as Record<'kty' | 'crv' | 'x', string>;
  return { kty, crv, x, kid: key.kid, alg: TOKEN_ALGORITHM, use: 'sig' };
}
