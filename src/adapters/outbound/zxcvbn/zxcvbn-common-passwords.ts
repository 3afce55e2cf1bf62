import type { CommonPasswords } from '../../../application/ports/identity/common-passwords.ts';
import { MIN_PASSWORD_CHARACTERS } from '../../../domain/identity/account-rules.ts';

/**
 * The list of zxcvbn: some 18,000 passwords of eight characters and more, in lower case, from breached sets. It is read
 * when the first password is chosen, which takes about 50 ms once and 5 MB.
 */
export class ZxcvbnCommonPasswords implements CommonPasswords {
  #list: Promise<ReadonlySet<string>> | undefined;

  async has(password: string): Promise<boolean> {
    this.#list ??= readList();
    return (await this.#list).has(password.normalize('NFKC').toLowerCase());
  }
}

async function readList(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  const words: readonly (string | number)[] = dictionary['passwords-common'];
  return new Set(words.map(String).filter((word) => [...word].length >= MIN_PASSWORD_CHARACTERS));
}
