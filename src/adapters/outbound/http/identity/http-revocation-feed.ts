import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { z } from 'zod';
import type {
  RevocationFeed,
  RevocationNews,
} from '../../../../application/ports/identity/revocation-feed.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { ApiKeyId, LoginSessionId } from '../../../../domain/identity/ids.ts';
import { isUserId } from '../../../../domain/identity/ids.ts';
import type { AuthPeer } from './ask-auth.ts';

/** Longest event that is read, in UTF-16 code units; auth's have some hundred. */
const MAX_EVENT_LENGTH = 16_384;

const SEQUENCE = z
  .string()
  .regex(/^[0-9]{1,15}$/)
  .transform(Number);
const AT = z.object({ atMs: z.number().int().nonnegative() });
const ID = z.string().min(1).max(100);
/** Members that a newer auth adds are no reason to miss an end. */
const END = z.union([
  z.object({ loginSessionId: ID.transform((id) => id as LoginSessionId) }),
  z.object({ apiKeyId: ID.transform((id) => id as ApiKeyId) }),
  z.object({ userId: z.string().refine(isUserId), closed: z.literal(true).exactOptional() }),
]);

/** Auth's feed of ended logins over HTTP, for a service that runs apart. */
export class HttpRevocationFeed implements RevocationFeed {
  readonly #auth: AuthPeer;

  constructor(auth: AuthPeer) {
    this.#auth = auth;
  }

  async *follow(
    after: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly RevocationNews[], void> {
    try {
      const response = await this.#open(after, signal);
      yield* readNews(response);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PortError) throw error;
      throw new PortError('unavailable', 'auth', 'the feed of ended logins broke', { cause: error });
    }
    throw new PortError('unavailable', 'auth', 'auth has closed the feed of ended logins');
  }

  async #open(after: number | undefined, signal: AbortSignal): Promise<Response> {
    const { authUrl, serviceKey } = this.#auth;
    const url = new URL('/internal/revocations', authUrl);
    if (after !== undefined) url.searchParams.set('after', String(after));
    const headers = { authorization: `Bearer ${serviceKey}`, accept: 'text/event-stream' };
    const response = await fetch(url, { headers, redirect: 'error', signal });
    if (response.status === 200 && response.headers.get('content-type')?.startsWith('text/event-stream')) {
      return response;
    }
    await response.body?.cancel();
    throw new PortError('unavailable', 'auth', `auth answered ${response.status}`);
  }
}

/** What a connection says, in the pieces in which it arrives. */
async function* readNews(response: Response): AsyncGenerator<readonly RevocationNews[], void> {
  const ready: RevocationNews[] = [];
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_LENGTH,
    onEvent: (message) => {
      const news = newsFrom(message);
      if (news !== undefined) ready.push(news);
    },
    onError: (error) => {
      tooLong ||= error.type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const bytes of response.body ?? []) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    if (tooLong) throw new PortError('unavailable', 'auth', 'the feed of ended logins told too much at once');
    if (ready.length > 0) yield ready.splice(0);
  }
}

/** Undefined for what a newer auth may say that is no end. An end that cannot be understood must not be missed. */
function newsFrom({ id, event, data }: EventSourceMessage): RevocationNews | undefined {
  if (event === 'caught-up') return { kind: 'caught-up' };
  if (event === 'reset') return { kind: 'reset', sequence: SEQUENCE.parse(id) };
  if (event !== 'ended') return undefined;
  const told: unknown = JSON.parse(data);
  const revocation = { sequence: SEQUENCE.parse(id), atMs: AT.parse(told).atMs, end: END.parse(told) };
  return { kind: 'ended', revocation };
}
