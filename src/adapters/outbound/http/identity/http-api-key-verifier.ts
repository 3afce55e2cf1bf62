import { z } from 'zod';
import type { Clock } from '../../../../application/ports/clock.ts';
import type { Digest } from '../../../../application/ports/digest.ts';
import type { ApiKeyVerifier } from '../../../../application/ports/identity/api-key-verifier.ts';
import type { LoginEnds } from '../../../../application/ports/identity/login-ends.ts';
import { DomainError } from '../../../../domain/domain-error.ts';
import { API_KEY_SCOPES } from '../../../../domain/identity/api-key.ts';
import { type ApiKeyText, isApiKeyId } from '../../../../domain/identity/api-key-text.ts';
import { isUserId } from '../../../../domain/identity/ids.ts';
import type { AgentPrincipal, KeyPrincipal } from '../../../../domain/identity/principal.ts';
import { type AuthPeer, askAuth } from './ask-auth.ts';
import { AskedHolders } from './asked-holders.ts';

const EXPIRES_AT = z.iso.datetime().optional();
const expiryOf = (expiresAt: string | undefined): { readonly expiresAtMs?: number } =>
  expiresAt === undefined ? {} : { expiresAtMs: Date.parse(expiresAt) };

const KEY = z
  .object({
    userId: z.string().refine(isUserId),
    username: z.string(),
    email: z.string(),
    role: z.enum(['admin', 'supervisor', 'user']),
    apiKeyId: z.string().refine(isApiKeyId),
    scopes: z.array(z.enum(API_KEY_SCOPES)),
    expiresAt: EXPIRES_AT,
  })
  .transform(({ userId, username, email, role, apiKeyId, scopes, expiresAt }): KeyPrincipal => {
    return { kind: 'key', userId, username, email, role, apiKeyId, scopes, ...expiryOf(expiresAt) };
  });
const AGENT = z
  .object({
    apiKeyId: z.string().refine(isApiKeyId),
    agent: z.string().nullable(),
    scopes: z.array(z.enum(API_KEY_SCOPES)),
    expiresAt: EXPIRES_AT,
  })
  .transform(({ apiKeyId, agent, scopes, expiresAt }): AgentPrincipal => {
    return {
      kind: 'agent',
      apiKeyId,
      scopes,
      ...(agent === null ? {} : { agent }),
      ...expiryOf(expiresAt),
    };
  });
const ANSWER = z.object({ principal: z.union([KEY, AGENT]).nullable() });

type Holder = KeyPrincipal | AgentPrincipal;

/** Asks auth whom a key stands for, for a service that runs apart. */
export class HttpApiKeyVerifier implements ApiKeyVerifier {
  readonly #holders: AskedHolders<Holder>;

  constructor(deps: { auth: AuthPeer; clock: Clock; digest: Digest; loginEnds: LoginEnds }) {
    const { auth, ...rest } = deps;
    const ask = async (credential: string): Promise<Holder | null> =>
      (await askAuth(auth, '/internal/principals/resolve', { credential }, ANSWER)).principal;
    this.#holders = new AskedHolders({ ...rest, ask });
  }

  async verify(key: ApiKeyText): Promise<Holder> {
    const holder = await this.#holders.holderOf(key.text);
    if (holder === undefined) throw new DomainError('credential.invalid', 'The API key is not valid');
    return holder;
  }
}
