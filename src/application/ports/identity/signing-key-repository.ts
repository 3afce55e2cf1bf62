/** A signing key as stored. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: 'EdDSA';
  /** The private key as JWK text. */
  readonly privateJwk: string;
  readonly createdAtMs: number;
}

/** Keeps the keys that sign access tokens. */
export interface SigningKeyRepository {
  /** All keys, newest first. */
  list(): Promise<readonly SigningKey[]>;
  /** Stores `key` if there is none yet and returns the newest stored one: of two racing callers both get the same. */
  addFirst(key: SigningKey): Promise<SigningKey>;
}
