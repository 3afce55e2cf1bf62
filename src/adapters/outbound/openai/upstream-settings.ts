/** How an OpenAI-compatible server is reached. */
export interface UpstreamSettings {
  /** Base URL, such as `http://127.0.0.1:11434/v1`; http or https, without credentials, query and fragment. */
  readonly url: string;
  /** Sent as a bearer token to the URL's origin and nowhere else. */
  readonly apiKey?: string;
  /** The model's name at the server. */
  readonly model: string;
}

/** The limits of one call, in milliseconds. */
export interface UpstreamLimits {
  /** Until the connection stands, TLS included. */
  readonly connectMs: number;
  /** From then until the first token. */
  readonly firstTokenMs: number;
  /** Between two events after the first token; time that our own reader takes does not count. */
  readonly idleMs: number;
  /** After the last token, for the usage. */
  readonly usageMs: number;
}

/** The limits unless a test asks for others. */
export const UPSTREAM_LIMITS: UpstreamLimits = {
  connectMs: 10_000,
  firstTokenMs: 60_000,
  idleMs: 30_000,
  usageMs: 5_000,
};

/** Longest line and longest event of an upstream, in characters. */
export const MAX_EVENT_LENGTH = 1_048_576;
/** How much of a refusal's body is read for the log, in bytes. */
export const MAX_REFUSAL_BYTES = 4_096;
/** How long a refusal's body is waited for, in milliseconds. */
export const REFUSAL_BODY_MS = 2_000;
/** Longest wait that an upstream can ask of our callers, in milliseconds. */
export const MAX_RETRY_AFTER_MS = 600_000;
