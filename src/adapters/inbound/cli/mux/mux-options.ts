import type { WhoOptions } from '../client/log-in.ts';
import type { AddressOptions } from '../client/service-urls.ts';

/** Most sessions of one run: what four connections may have by default. */
export const MAX_SESSIONS = 400;
/** Most messages a second of one session: what the default rate lets in, and what the client keeps to by itself. */
export const MAX_RATE = 15;
/** Longest message, in bytes. */
export const MAX_SIZE_BYTES = 65_536;
/** Shortest message, in bytes: its number. */
export const MIN_SIZE_BYTES = 8;
/** Longest run, in seconds. */
export const MAX_SECONDS = 86_400;

/** What `holdfast mux` is called with. */
export interface MuxOptions extends AddressOptions, WhoOptions {
  readonly sessions: number;
  /** Echo where the server has it, chats otherwise, unless said. */
  readonly kind?: 'echo' | 'chat' | undefined;
  /** Messages a second of each echo session. */
  readonly rate: number;
  /** Bytes of each message. */
  readonly size: number;
  readonly seconds: number;
  /** Whether one more session floods in the second half. */
  readonly flood: boolean;
  readonly json: boolean;
}
