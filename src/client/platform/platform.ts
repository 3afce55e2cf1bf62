/** A WebSocket as far as the client uses one; the global one of Node.js and of browsers is such. */
export interface SocketLike {
  binaryType: string;
  /** The subprotocol that the server chose, once it is open. */
  readonly protocol: string;
  /** 1 while it is open. */
  readonly readyState: number;
  /** What was sent and has not reached the network, in bytes. */
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(message: Uint8Array): void;
  close(code?: number): void;
}

/** The answer to a request by HTTP. */
export interface PostAnswer {
  readonly status: number;
  /** The body's JSON; undefined when it is none. */
  readonly body: unknown;
  /** What `Retry-After` says, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** All that the client has of the world, so that a test can stand in for it. */
export interface Platform {
  /** Whether a WebSocket can be opened with headers; a browser's cannot. */
  readonly takesHeaders: boolean;
  /** The time of day, in unix milliseconds; what a server's `expiresAt` is compared with. */
  nowMs(): number;
  /** A time that only goes forward, in milliseconds since whenever. */
  monotonicMs(): number;
  /** A random number from 0 to just below 1. */
  fraction(): number;
  /** A name that nobody else has. */
  uuid(): string;
  /** Acts after a while. @returns what calls it off. */
  after(delayMs: number, act: () => void): () => void;
  /** Opens a WebSocket. @throws when the address is none. */
  connect(url: string, protocols: readonly string[], headers: Readonly<Record<string, string>>): SocketLike;
  /** Sends a POST without a body. @throws when there is no answer. */
  post(url: string, headers: Readonly<Record<string, string>>): Promise<PostAnswer>;
}

/** Waits; a signal ends the wait early, without an error. */
export function sleep(platform: Platform, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = platform.after(delayMs, done);
    signal?.addEventListener('abort', done);
  });
}
