/** What the client does when a session, or the socket under it, has been closed. */
export type AfterClose =
  /** Takes its sessions back, after a pause that grows with what fails in a row. */
  | 'come-back'
  /** Takes them back after the time that GOAWAY said. */
  | 'come-back-after-reconnect'
  /** Takes them back after the time that the last `rate.limited` said. */
  | 'come-back-after-retry'
  /** Takes the session back when its user sends something. */
  | 'come-back-when-needed'
  /** Asks for a credential, and takes the session back by it. */
  | 'renew'
  /** The same, by another credential than the one that has been ended. */
  | 'new-credential'
  /** Stays away; its user may take the session back by its snapshot. */
  | 'stay';

/** What the client does after each code of a close. The list is closed. */
export const AFTER_CLOSE: Readonly<Record<number, AfterClose>> = {
  1000: 'stay',
  1001: 'come-back',
  1002: 'stay',
  1003: 'stay',
  1009: 'stay',
  1011: 'come-back',
  4000: 'come-back-after-reconnect',
  4005: 'come-back-when-needed',
  4008: 'come-back',
  4010: 'renew',
  4029: 'come-back-after-retry',
  4401: 'new-credential',
  4403: 'stay',
  4501: 'stay',
  4502: 'stay',
  4503: 'stay',
};

/** What a browser and Node.js call a connection that was cut without a word, and one that was closed without a code. */
export const CUT = 1006;
const WITHOUT_CODE = 1005;

/** Why a session is not on a connection any more. */
export interface Closure {
  readonly code: number;
  readonly reason: string;
  /** Whether the session alone was closed, or the socket with all that was on it. */
  readonly of: 'session' | 'socket';
  /** What the last `rate.limited` before it said. */
  readonly retryAfterMs?: number | undefined;
}

/** What to do after a close. A socket that something between closed without a code of ours is a lost one. */
export function afterClose({ code, of }: Pick<Closure, 'code' | 'of'>): AfterClose {
  if (code === CUT || code === WITHOUT_CODE) return 'come-back';
  // A server never closes a socket so, and a session is ended by it: whoever did is in between.
  if (code === 1000 && of === 'socket') return 'come-back';
  return AFTER_CLOSE[code] ?? 'come-back';
}
