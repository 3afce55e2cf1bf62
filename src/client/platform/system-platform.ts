import type { Platform, PostAnswer, SocketLike } from './platform.ts';

/** Longest time that a timer of JavaScript can be set to, in milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;
/** How long a request by HTTP may take, in milliseconds. */
const ANSWER_WITHIN_MS = 15_000;

interface World {
  readonly process?: { readonly versions?: { readonly node?: string } };
  readonly WebSocket?: new (
    url: string,
    options: readonly string[] | { readonly protocols: readonly string[]; readonly headers: object },
  ) => SocketLike;
}

/** Node.js 24 or later, or a browser: both have all that is needed, and neither needs a package for it. */
export function systemPlatform(): Platform {
  const world = globalThis as unknown as World;
  const takesHeaders = world.process?.versions?.node !== undefined;
  return {
    takesHeaders,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    fraction: () => Math.random(),
    uuid,
    after: (delayMs, act) => {
      const timer = setTimeout(act, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS));
      return () => clearTimeout(timer);
    },
    connect: (url, protocols, headers) => {
      if (world.WebSocket === undefined) throw new Error('There is no WebSocket here: it takes Node.js 24');
      // The form with headers is Node.js's own; browsers know the list of subprotocols alone.
      const options = takesHeaders ? { protocols, headers } : protocols;
      return new world.WebSocket(url, options);
    },
    post,
  };
}

/** A UUID of version 4 (RFC 9562, 5.4). The browser's own is there in secure contexts alone, and pages may be in others. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function post(url: string, headers: Readonly<Record<string, string>>): Promise<PostAnswer> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const response = await fetch(url, { method: 'POST', headers, redirect: 'error', signal });
  const body: unknown = await response.json().catch(() => undefined);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retry = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {};
  return { status: response.status, body, ...retry };
}
