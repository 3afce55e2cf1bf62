import { defineRoute, type Route } from '../../route.ts';
import { SseEncoder } from '../../sse-encoder.ts';
import { actingUser } from '../acting-user.ts';
import { chatPath, messageBody, readCursor, readIdempotencyKey } from './fields.ts';
import type { StreamingUseCases } from './streaming-use-cases.ts';

type Uses = Pick<StreamingUseCases, 'openStream' | 'followStream' | 'eventStreams'>;

/** What the key of a start is scoped to, beside its user and chat. */
const START_ROUTE = 'POST /api/chat/sessions/:id/stream';

/** The routes that answer with a stream of events. */
export const streamRoutes = (useCases: Uses): Route[] => [start(useCases), resume(useCases)];

const start = ({ openStream, eventStreams }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/chat/sessions/:id/stream',
    operationId: 'startStream',
    summary: 'Ask, and get the answer as it comes; an Idempotency-Key makes a repeat the same stream',
    permission: 'chat.use',
    params: chatPath,
    body: messageBody,
    answers: { 200: { description: 'session, chunk…, then done or error', schema: 'event-stream' } },
    refusals: [
      'chat.not_found',
      'credit.insufficient',
      'stream.already_active',
      'stream.idempotency_mismatch',
      'stream.limit_reached',
    ],
    handle: async ({ principal, params, body, header, budget }) => {
      const key = readIdempotencyKey(header('idempotency-key'));
      const { message, modelId } = body;
      const reader = actingUser(principal);
      const opened = await openStream.execute({
        owner: reader.userId,
        chatId: params.id,
        message,
        budget,
        ...(modelId === undefined ? {} : { modelId }),
        ...(key === undefined ? {} : { key: { key, route: START_ROUTE } }),
      });
      const { id, replayed, events } = opened;
      return {
        raw: async (_request, response) => {
          const connection = eventStreams.open(response, { id, reader, replayed }, () => events.close());
          opened.begin();
          await eventStreams.send(connection, events);
        },
      };
    },
  });

const resume = ({ followStream, eventStreams }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/sessions/:id/stream',
    operationId: 'resumeStream',
    summary: 'Read the running or last stream on from Last-Event-ID, or from its beginning',
    permission: 'chat.use',
    params: chatPath,
    answers: {
      200: { description: 'Everything after the cursor, then live', schema: 'event-stream' },
      204: { description: 'The end has been delivered to this cursor, or there is no stream' },
    },
    refusals: ['chat.not_found', 'stream.limit_reached'],
    handle: async ({ principal, params, header, budget }) => {
      const cursor = readCursor(header('last-event-id'));
      const reader = actingUser(principal);
      const followed = await followStream.execute({
        owner: reader.userId,
        chatId: params.id,
        budget,
        ...(cursor === undefined ? {} : { cursor }),
      });
      if (followed.kind === 'nothing') return { status: 204 };
      return {
        raw: async (_request, response) => {
          if (followed.kind === 'following') {
            const { id, events } = followed;
            await eventStreams.send(
              eventStreams.open(response, { id, reader }, () => events.close()),
              events,
            );
            return;
          }
          const connection = eventStreams.open(response, { id: followed.id, reader }, () => undefined);
          await connection.write(new SseEncoder().encode([followed.event]));
          connection.end();
        },
      };
    },
  });
