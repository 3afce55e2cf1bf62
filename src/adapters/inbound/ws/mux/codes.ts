/** What a client does after a close: comes back at once or when told, does something first, or stays away. */
export type AfterClose =
  | 'as it likes'
  | 'comes back'
  | 'comes back after `reconnectAfterMs`'
  | 'comes back when it needs to'
  | 'comes back after `retryAfterMs`'
  | 'renews, then resumes'
  | 'new credential first'
  | 'never'
  | 'never by itself';

/** One way in which a session or a connection is closed. */
export interface CloseRule {
  readonly meaning: string;
  readonly client: AfterClose;
  /** Whether it ends the session for good. What does not leaves it to be resumed until its lease ends. */
  readonly ends: boolean;
}

const comesBack = (meaning: string): CloseRule => ({ meaning, client: 'comes back', ends: false });
const never = (meaning: string): CloseRule => ({ meaning, client: 'never', ends: false });

/**
 * Every code of CLOSE and of the WebSocket's own close; there is no other. 1000 ends a session where its client says it
 * and is not answering ours. 4501 ends the old connection's copy alone.
 */
export const CLOSE_CODES = {
  1000: { meaning: 'done', client: 'as it likes', ends: true },
  1001: comesBack('the other side is going away'),
  1002: never('not of the form of this protocol'),
  1003: never('a text message'),
  1009: never('a message or a frame that is too large'),
  1011: comesBack('our mistake, or a store out of reach'),
  4000: { meaning: 'the server drains', client: 'comes back after `reconnectAfterMs`', ends: false },
  4005: { meaning: 'idle', client: 'comes back when it needs to', ends: false },
  4008: comesBack('granted bytes were not read, or the window was broken'),
  4010: { meaning: "the session's credential has expired", client: 'renews, then resumes', ends: false },
  4029: { meaning: 'rate', client: 'comes back after `retryAfterMs`', ends: false },
  4401: { meaning: 'the credential has been ended', client: 'new credential first', ends: false },
  4403: never('forbidden'),
  4501: { meaning: 'superseded by the same owner elsewhere', client: 'never by itself', ends: false },
  4502: { meaning: 'kicked by an operator', client: 'never by itself', ends: true },
  4503: { meaning: 'what is behind it is gone', client: 'never', ends: true },
} as const satisfies Readonly<Record<number, CloseRule>>;

/** A code of a close. */
export type CloseCode = keyof typeof CLOSE_CODES;

/** Whether a number is a code of a close. */
export const isCloseCode = (code: number): code is CloseCode => Object.hasOwn(CLOSE_CODES, code);

/** Every code of ERROR, and when it comes; there is no other. */
export const ERROR_CODES = {
  'frame.malformed': 'the payload of a frame cannot be read',
  'message.too_large':
    "a frame is longer than its session's `maxMessageBytes`; CLOSE 1009 follows, except on handle 0",
  'rate.limited': 'a frame or an OPEN over the rate, with `retryAfterMs`; it was not looked at',
  'limit.sessions': 'the connection has as many sessions as it may have',
  'session.unknown': 'this connection has no such handle',
  'session.owned_by_other':
    'a resume by another principal, with a wrong, stolen, used or expired token, or of an unknown id',
  'session.forbidden': 'the principal may not open this kind, or not do this',
  'auth.invalid': 'the credential is not good',
  'auth.other_principal': "the credential is another principal's; the old one stays",
  'auth.expired': 'the credential has expired, or has been ended',
  'kind.unknown': 'there is no such kind',
  'params.invalid': 'a member of the JSON is missing, or not what it has to be',
  'op.invalid': 'the kind has no such operation',
  'credit.exceeded': 'more was sent than was granted; CLOSE 4008 follows',
  unavailable: 'something that is needed is out of reach; `retryAfterMs` says when to try again',
} as const satisfies Readonly<Record<string, string>>;

/** A code of an ERROR. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Errors of who breaks a limit or the form of frames, as opposed to who asks for what there is not. */
export const BREACH_CODES: ReadonlySet<ErrorCode> = new Set([
  'frame.malformed',
  'message.too_large',
  'rate.limited',
  'limit.sessions',
  'credit.exceeded',
  'session.unknown',
]);
