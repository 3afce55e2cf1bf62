import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { DomainError } from '../../../domain/domain-error.ts';
import type { LoginSessionId } from '../../../domain/identity/ids.ts';
import { isUserId } from '../../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';
import type { VerifiedToken } from './verified-tokens.ts';

/** The one algorithm that signs and is accepted (RFC 8037, Ed25519). */
export const TOKEN_ALGORITHM = 'EdDSA';
/** The header's `typ` (RFC 9068): what keeps other JWTs of the same keys out. */
export const TOKEN_TYPE = 'at+jwt';
/** Longest life of an access token, in seconds: 15 minutes. */
export const MAX_TOKEN_LIFE_SECONDS = 900;

/** Who issues access tokens and for whom. */
export interface TokenParties {
  readonly issuer: string;
  readonly audience: string;
}

/** What issuer and verifiers agree on unless told otherwise. */
export const DEFAULT_PARTIES: TokenParties = { issuer: 'holdfast', audience: 'holdfast' };

const CLAIMS = z.object({
  type: z.literal('access'),
  sub: z.string().refine(isUserId),
  sid: z.string().min(1).max(100),
  username: z.string().min(1),
  email: z.string(),
  role: z.enum(['admin', 'supervisor', 'user']),
  jti: z.string().min(1),
  mustChangePassword: z.literal(true).optional(),
});

/** The claims that say who somebody is. */
export const claimsOf = (principal: UserPrincipal): JWTPayload => ({
  type: 'access',
  sub: principal.userId,
  sid: principal.loginSessionId,
  username: principal.username,
  email: principal.email,
  role: principal.role,
  ...(principal.mustChangePassword ? { mustChangePassword: true } : {}),
});

/**
 * Verifies an access token at a moment, with everything pinned: algorithm, type, issuer, audience and longest life.
 *
 * @throws DomainError `credential.expired` or `credential.invalid`; whatever else `keys` throws.
 */
export async function verifyAccessToken(
  token: string,
  keys: JWTVerifyGetKey,
  at: { readonly nowMs: number; readonly toleranceSeconds: number; readonly parties: TokenParties },
): Promise<VerifiedToken> {
  const payload = await verifyPayload(token, keys, at);
  const claims = CLAIMS.safeParse(payload);
  if (!claims.success) throw invalid();
  const { sub, sid, username, email, role, mustChangePassword } = claims.data;
  const principal: UserPrincipal = {
    kind: 'user',
    userId: sub,
    username,
    email,
    role,
    loginSessionId: sid as LoginSessionId,
    ...(mustChangePassword ? { mustChangePassword } : {}),
  };
  return { principal, verifiedAtMs: at.nowMs, endsAtMs: endOf(payload, at.toleranceSeconds) };
}

/** From when on a token is refused, in Unix milliseconds: by its own word, and at its longest life in any case. */
function endOf({ iat = 0, exp = 0 }: JWTPayload, toleranceSeconds: number): number {
  return (Math.min(exp, iat + MAX_TOKEN_LIFE_SECONDS) + toleranceSeconds) * 1000;
}

async function verifyPayload(
  token: string,
  keys: JWTVerifyGetKey,
  at: { readonly nowMs: number; readonly toleranceSeconds: number; readonly parties: TokenParties },
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [TOKEN_ALGORITHM],
      typ: TOKEN_TYPE,
      issuer: at.parties.issuer,
      audience: at.parties.audience,
      currentDate: new Date(at.nowMs),
      clockTolerance: at.toleranceSeconds,
      maxTokenAge: MAX_TOKEN_LIFE_SECONDS,
      requiredClaims: ['sub', 'sid', 'jti', 'iat', 'exp'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new DomainError('credential.expired', 'The access token has expired');
    }
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalid();
    throw error;
  }
}

const invalid = (): DomainError => new DomainError('credential.invalid', 'The credential is not valid');
