import { DomainError } from '../domain-error.ts';
import { isUserId } from './ids.ts';
import { foldName } from './user.ts';

/** Longest username, in characters. */
export const MAX_USERNAME_CHARACTERS = 64;
/** Longest email address, in characters (RFC 5321 with its erratum 1690). */
export const MAX_EMAIL_CHARACTERS = 254;
/** Shortest password, in characters (ASVS 5.0, 6.2.1). */
export const MIN_PASSWORD_CHARACTERS = 8;
/** Longest password, in characters; a longer one is refused, never cut (ASVS 5.0, 6.2.9). */
export const MAX_PASSWORD_CHARACTERS = 256;

/** Letters, marks and digits of any script and `._@+-`: printable, without spaces, fit for a path. */
const USERNAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]*$/u;
/** One `@`, something before it, and a domain with a dot in it. */
const EMAIL = /^[^\s@\p{C}"(),:;<>[\]\\]{1,64}@[\p{L}\p{M}\p{N}-]+(\.[\p{L}\p{M}\p{N}-]+)+$/u;

/** What no eye sees, such as variation selectors and fillers: with it two names that look the same would be two. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

const characters = (text: string): number => [...text].length;

const refuse = (path: string, message: string): DomainError =>
  new DomainError('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });

/**
 * The username as it is stored: in NFKC, so that two that look alike by compatibility are one.
 *
 * @throws DomainError `request.invalid` for another length or charset, or for one that has the form of a user id.
 */
export function usernameFrom(text: string): string {
  const username = text.normalize('NFKC');
  if (username === '' || characters(username) > MAX_USERNAME_CHARACTERS) {
    throw refuse('username', `must have 1 to ${MAX_USERNAME_CHARACTERS} characters`);
  }
  if (!USERNAME.test(username) || INVISIBLE.test(text)) {
    throw refuse('username', 'must begin with a letter or digit and hold only letters, digits and . _ @ + -');
  }
  if (isUserId(foldName(username))) throw refuse('username', 'must not have the form of an id');
  return username;
}

/**
 * The email address as it is stored.
 *
 * @throws DomainError `request.invalid` when it does not have the shape of one.
 */
export function emailFrom(text: string): string {
  const email = text.normalize('NFKC');
  if (characters(email) > MAX_EMAIL_CHARACTERS || !EMAIL.test(email) || INVISIBLE.test(text)) {
    throw refuse('email', `must be an email address of at most ${MAX_EMAIL_CHARACTERS} characters`);
  }
  return email;
}

/**
 * Checks a password that somebody chose, before anything is spent on hashing it.
 *
 * @throws DomainError `request.invalid` naming `path` when it is too short or too long.
 */
export function requirePassword(text: string, path = 'password'): void {
  const length = characters(text);
  if (length < MIN_PASSWORD_CHARACTERS || length > MAX_PASSWORD_CHARACTERS) {
    throw refuse(path, `must have ${MIN_PASSWORD_CHARACTERS} to ${MAX_PASSWORD_CHARACTERS} characters`);
  }
}
