import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpRefusal } from './problem.ts';

/** What the token is made of beside the secret, so that no other use of the secret gives the same text. */
const PURPOSE = 'holdfast-csrf';

/**
 * The token that a page of ours shows with every write by cookie: it follows from the cookie's secret, so it belongs to
 * this login alone, ends with it and needs no place in the store; the secret does not follow from it.
 */
export const csrfTokenOf = (secret: string): string =>
  createHmac('sha256', secret).update(PURPOSE).digest('base64url');

/**
 * Requires the token of a login in `X-CSRF-Token`.
 *
 * @throws HttpRefusal 403 `request.csrf_token`.
 */
export function requireCsrfToken(request: IncomingMessage, secret: string): void {
  const presented = Buffer.from(String(request.headers['x-csrf-token'] ?? ''));
  const expected = Buffer.from(csrfTokenOf(secret));
  if (presented.length === expected.length && timingSafeEqual(presented, expected)) return;
  throw new HttpRefusal(
    403,
    'request.csrf_token',
    'A write by cookie needs the csrfToken of the login in X-CSRF-Token',
  );
}
