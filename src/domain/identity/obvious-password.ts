import { foldName } from './user.ts';

/**
 * Words of this product that are tried first on its accounts (ASVS 5.0, 6.1.2): its name and the names of its roles
 * that open more than one's own. A password must be more than one of them with digits and signs about it.
 */
const CONTEXT_WORDS: ReadonlySet<string> = new Set(['holdfast', 'admin', 'administrator', 'supervisor']);

/** Whom a password is for. */
export interface PasswordOwner {
  readonly username: string;
  readonly email: string;
}

/** Whether a password is one that anybody would try on this account: its own names, or a word of the product. */
export function isObviousPassword(password: string, { username, email }: PasswordOwner): boolean {
  const folded = foldName(password);
  const [localPart = ''] = email.split('@');
  if ([username, email, localPart].some((name) => foldName(name) === folded)) return true;
  return CONTEXT_WORDS.has(folded.replaceAll(/[^\p{L}]/gu, ''));
}
