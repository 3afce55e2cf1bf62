/** A user's opaque id, `u_` and a UUID without hyphens; never the form of a username. */
export type UserId = string & { readonly __brand: 'UserId' };
/** A login session's opaque id; one per login, shared by all refresh tokens of its family. */
export type LoginSessionId = string & { readonly __brand: 'LoginSessionId' };
/** An API key's public part, 12 of `[a-z0-9]`, by which it is listed, found and revoked. */
export type ApiKeyId = string & { readonly __brand: 'ApiKeyId' };

const USER_ID = /^u_[0-9a-f]{32}$/;

/** True when `text` has the form of a user id (which no username may have). */
export const isUserId = (text: string): text is UserId => USER_ID.test(text);

/** Makes a login session's id from a UUID v4 of the id source. */
export const loginSessionIdFrom = (uuid: string): LoginSessionId =>
  `s_${uuid.replaceAll('-', '')}` as LoginSessionId;

/** Makes a user id from a UUID v4 of the id source. */
export const userIdFrom = (uuid: string): UserId => `u_${uuid.replaceAll('-', '')}` as UserId;
