import type { WhoOptions } from '../client/log-in.ts';
import type { AddressOptions } from '../client/service-urls.ts';

/** What `holdfast chat` is called with. */
export interface ChatOptions extends AddressOptions, WhoOptions {
  /** Asked once; without it the command talks until its input ends. */
  readonly question?: string | undefined;
  readonly model?: string | undefined;
  /** A chat to go on with; a new one otherwise. */
  readonly chatId?: string | undefined;
  /** One JSON document an answer on stdout, in the place of the text. */
  readonly json?: boolean | undefined;
}
