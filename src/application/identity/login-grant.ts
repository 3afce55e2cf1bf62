import type { UserProfile } from './user-profile.ts';

/** Random bits of a refresh token. */
export const REFRESH_TOKEN_BITS = 256;
/** Random bits of a cookie's secret (ASVS 5.0, 7.2.3). */
export const COOKIE_SECRET_BITS = 256;

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

/** What keeps a browser logged in. The secret is shown here and never again. */
export interface CookieGrant {
  readonly secret: string;
  /** The absolute end of the login, in Unix milliseconds. */
  readonly expiresAtMs: number;
}
