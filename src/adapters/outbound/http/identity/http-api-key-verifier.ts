import { z } from 'zod';
import type { Clock } from '../../../../application/ports/clock.ts';
import type { Digest } from '../../../../application/ports/digest.ts';
import type { ApiKeyVerifier } from '../../../../application/ports/identity/api-key-verifier.ts';
import type { LoginEnd, LoginEnds } from '../../../../application/ports/identity/login-ends.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import { API_KEY_SCOPES } from '../../../../domain/identity/api-key.ts';
import { type ApiKeyText, isApiKeyId } from '../../../../domain/identity/api-key-text.ts';
import { isUserId } from '../../../../domain/identity/ids.ts';
import type { AgentPrincipal, KeyPrincipal } from '../../../../domain/identity/principal.ts';
import { type AuthPeer, askAuth } from './ask-auth.ts';

/**
 * How long auth's answer about a key holds, in milliseconds. Shorter than the second in which a revoked key must be
 * shut out, so that this holds even when nobody tells of the end; telling makes it immediate.
 */
export const KEY_ANSWER_LIFE_MS = 500;
/** Most keys whose answers are kept; the oldest answer makes room. */
const MAX_KEPT_ANSWERS = 1_000;

const KEY = z
  .object({
    userId: z.string().refine(isUserId),
    username: z.string(),
    email: z.string(),
    role: z.enum(['admin', 'supervisor', 'user']),
    apiKeyId: z.string().refine(isApiKeyId),
    scopes: z.array(z.enum(API_KEY_SCOPES)),
  })
  .transform(({ userId, username, email, role, apiKeyId, scopes }): KeyPrincipal => {
    return { kind: 'key', userId, username, email, role, apiKeyId, scopes };
  });
const AGENT = z
  .object({ apiKeyId: z.string().refine(isApiKeyId), agent: z.string().nullable() })
  .transform(({ apiKeyId, agent }): AgentPrincipal => {
    return { kind: 'agent', apiKeyId, ...(agent === null ? {} : { agent }) };
  });
const ANSWER = z.object({ principal: z.union([KEY, AGENT]).nullable() });

type Holder = KeyPrincipal | AgentPrincipal;

interface Kept {
  readonly holder: Holder;
  readonly untilMs: number;
}

/** Asks auth whom a key stands for, for a service that runs apart. */
export class HttpApiKeyVerifier implements ApiKeyVerifier {
  readonly #auth: AuthPeer;
  readonly #clock: Clock;
  readonly #digest: Digest;
  /** By the hash of the key, so that no key lies in memory for longer than its request. */
  readonly #kept = new Map<string, Kept>();
  readonly #asked = new Map<string, Promise<Holder | undefined>>();
  /** Counts the ends that were told: an answer that was asked for before one may be about what has ended. */
  #ends = 0;

  constructor(deps: { auth: AuthPeer; clock: Clock; digest: Digest; loginEnds: LoginEnds }) {
    this.#auth = deps.auth;
    this.#clock = deps.clock;
    this.#digest = deps.digest;
    deps.loginEnds.subscribe((end) => this.#forget(end));
  }

  async verify(key: ApiKeyText): Promise<Holder> {
    const name = this.#digest.sha256Hex(key.text);
    const kept = this.#kept.get(name);
    if (kept !== undefined && this.#clock.nowMs() < kept.untilMs) return kept.holder;
    const asked = this.#asked.get(name) ?? this.#ask(name, key.text);
    const holder = await asked;
    if (holder === undefined) throw new DomainError('credential.invalid', 'The API key is not valid');
    return holder;
  }

  /** Requests that come with the same key meanwhile wait for this one answer. */
  #ask(name: string, text: string): Promise<Holder | undefined> {
    const asked = this.#fetch(name, text).finally(() => {
      if (this.#asked.get(name) === asked) this.#asked.delete(name);
    });
    this.#asked.set(name, asked);
    return asked;
  }

  async #fetch(name: string, text: string): Promise<Holder | undefined> {
    const ends = this.#ends;
    const question = { credential: text };
    // Counted from the question on: the answer is at least as old as that.
    const untilMs = this.#clock.nowMs() + KEY_ANSWER_LIFE_MS;
    const { principal } = await askAuth(this.#auth, '/internal/principals/resolve', question, ANSWER);
    this.#kept.delete(name);
    if (principal !== null && ends === this.#ends) this.#keep(name, { holder: principal, untilMs });
    return principal ?? undefined;
  }

  #keep(name: string, kept: Kept): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MAX_KEPT_ANSWERS && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(name, kept);
  }

  #forget(end: LoginEnd): void {
    this.#ends += 1;
    this.#asked.clear();
    for (const [name, { holder }] of this.#kept) {
      const isNamed =
        'anybody' in end ||
        ('apiKeyId' in end
          ? holder.apiKeyId === end.apiKeyId
          : 'userId' in end && holder.kind === 'key' && holder.userId === end.userId);
      if (isNamed) this.#kept.delete(name);
    }
  }
}
