import type { AddressOptions } from '../client/service-urls.ts';

/** What `holdfast chat` is called with. */
export interface ChatOptions extends AddressOptions {
  /** Asked once; without it the command talks until its input ends. */
  readonly question?: string | undefined;
  /** The demo user when the server is on loopback and nobody is named. */
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** The password as the environment holds it. */
  readonly password?: string | undefined;
  /** An API key as the environment holds it; a user who is named logs in with his password all the same. */
  readonly apiKey?: string | undefined;
  readonly model?: string | undefined;
  /** A chat to go on with; a new one otherwise. */
  readonly chatId?: string | undefined;
  /** One JSON document an answer on stdout, in the place of the text. */
  readonly json?: boolean | undefined;
}
