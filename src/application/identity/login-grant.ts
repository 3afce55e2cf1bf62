import type { UserProfile } from './user-profile.ts';

/** Random bits of a refresh token. */
export const REFRESH_TOKEN_BITS = 256;
/** Longest life of a login from the password on, in milliseconds: 7 days, which rotation never moves. */
export const MAX_LOGIN_LIFE_MS = 604_800_000;
/** How long the first admin may log in with the password that the server chose, in milliseconds: 24 hours. */
export const GENERATED_PASSWORD_LIFE_MS = 86_400_000;

/** Where a login comes from. */
export interface LoginPeer {
  /** The peer is on loopback and nobody forwarded for it: demo accounts log in from nowhere else. */
  readonly local: boolean;
  readonly address?: string;
  /** The network that the address belongs to, as whose all its addresses are counted when logins are slowed down. */
  readonly network?: string;
  readonly userAgent?: string;
}

/** What a login, and each refresh of it, hands out. The tokens are shown here and never again. */
export interface LoginGrant {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Life of the access token, in seconds. */
  readonly expiresInSeconds: number;
  readonly user: UserProfile;
}
