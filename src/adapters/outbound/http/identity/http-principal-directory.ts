import { z } from 'zod';
import type {
  DirectoryEntry,
  PrincipalDirectory,
} from '../../../../application/ports/identity/principal-directory.ts';
import { isUserId } from '../../../../domain/identity/ids.ts';
import { type AuthPeer, askAuth } from './ask-auth.ts';

const ENTRY = z.object({
  userId: z.string().refine(isUserId),
  username: z.string(),
  email: z.string(),
  role: z.enum(['admin', 'supervisor', 'user']),
  isVerified: z.boolean(),
  disabled: z.boolean(),
});
const ONE = z.object({ principal: ENTRY.nullable() });
const MANY = z.object({ principals: z.array(ENTRY), total: z.number().int().nonnegative() });

/** Longest name or text that auth looks for, in UTF-16 code units; no name is that long. */
const MAX_NAME_LENGTH = 1_024;
/** Whether auth looks at a text at all. What it refuses to look at is nobody's name, and auth is not away for it. */
const isAskable = (text: string): boolean =>
  text.length <= MAX_NAME_LENGTH && !text.includes('\0') && text.isWellFormed();
const mayBeName = (text: string): boolean => text !== '' && isAskable(text);

/** Auth's directory over HTTP, for a service that runs apart. Reads only, so a caller may always ask again. */
export class HttpPrincipalDirectory implements PrincipalDirectory {
  readonly #auth: AuthPeer;

  constructor(auth: AuthPeer) {
    this.#auth = auth;
  }

  async resolve(userIdOrUsername: string): Promise<DirectoryEntry | undefined> {
    if (!mayBeName(userIdOrUsername)) return undefined;
    const question = isUserId(userIdOrUsername)
      ? { userId: userIdOrUsername }
      : { username: userIdOrUsername };
    return (await this.#ask(question, ONE)).principal ?? undefined;
  }

  async resolveEmail(email: string): Promise<DirectoryEntry | undefined> {
    return mayBeName(email) ? ((await this.#ask({ email }, ONE)).principal ?? undefined) : undefined;
  }

  async search(
    text: string,
    page: { readonly offset: number; readonly limit: number },
  ): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly total: number }> {
    if (!isAskable(text)) return { entries: [], total: 0 };
    const { principals, total } = await this.#ask({ query: text, ...page }, MANY);
    return { entries: principals, total };
  }

  #ask<Answer extends z.ZodType>(question: object, answer: Answer): Promise<z.output<Answer>> {
    return askAuth(this.#auth, '/internal/principals/resolve', question, answer);
  }
}
