import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { RevocationNews } from '../../../../../application/ports/identity/revocation-feed.ts';
import { DomainError } from '../../../../../domain/domain-error.ts';
import { HttpRefusal } from '../../problem.ts';
import { defineRoute, type Route } from '../../route.ts';
import type { IdentityUseCases } from './identity-use-cases.ts';

type Uses = Pick<IdentityUseCases, 'tellRevocations'>;

/** Most services that listen at once. */
const MAX_LISTENERS = 64;
/** A listener that takes nothing for so long is cut; it comes back. In milliseconds. */
const STALLED_LISTENER_MS = 10_000;
/** A position in the log as text. */
const SEQUENCE = /^[0-9]{1,15}$/;

/** What the other services hear of ended logins and keys. */
export function revocationRoutes({ tellRevocations }: Uses): Route[] {
  let listeners = 0;
  const follow = defineRoute({
    method: 'get',
    path: '/internal/revocations',
    operationId: 'followRevocations',
    summary:
      'Tells which logins and keys end, as it happens: ended, reset and, at least every second, caught-up',
    permission: 'service',
    query: z.object({
      after: z
        .string()
        .regex(SEQUENCE)
        .optional()
        .describe(
          'The last id that was heard; Last-Event-ID counts more. Without either all that is kept comes',
        ),
    }),
    answers: { 200: { description: 'What ended, and what ends', schema: 'event-stream' } },
    handle: async ({ query, header, signal }) => {
      const after = readSequence(header('last-event-id')) ?? readSequence(query.after);
      if (listeners >= MAX_LISTENERS) {
        throw new HttpRefusal(503, 'revocations.too_many_listeners', 'Too many services listen already');
      }
      return {
        raw: async (_request, response) => {
          listeners += 1;
          try {
            await send(response, tellRevocations.follow(after, signal), signal);
          } finally {
            listeners -= 1;
          }
        },
      };
    },
  });
  return [follow];
}

function readSequence(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (SEQUENCE.test(text)) return Number(text);
  const message = 'must be a decimal integer of at most 15 digits';
  throw new DomainError('request.invalid', `Last-Event-ID ${message}`, {
    errors: [{ path: 'Last-Event-ID', message }],
  });
}

/** Whatever keeps the news away cuts the connection, so that the listener notices; he may go whenever he likes. */
async function send(
  response: ServerResponse,
  pages: AsyncIterable<readonly RevocationNews[]>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  try {
    for await (const page of pages) {
      if (response.write(page.map(textOf).join(''))) continue;
      const tooLong = AbortSignal.timeout(STALLED_LISTENER_MS);
      await once(response, 'drain', { signal: AbortSignal.any([signal, tooLong]) });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function textOf(news: RevocationNews): string {
  if (news.kind === 'caught-up') return 'event: caught-up\ndata: {}\n\n';
  if (news.kind === 'reset') return `id: ${news.sequence}\nevent: reset\ndata: {}\n\n`;
  const { sequence, atMs, end } = news.revocation;
  return `id: ${sequence}\nevent: ended\ndata: ${JSON.stringify({ atMs, ...end })}\n\n`;
}
