/**
 * The passwords that attackers try first: at least the 3,000 most common ones of `MIN_PASSWORD_CHARACTERS` and more
 * (ASVS 5.0, 6.2.4), from sets that were breached (6.2.12).
 */
export interface CommonPasswords {
  /** Whether the list holds the password, in whatever case it is written. */
  has(password: string): Promise<boolean>;
}
