import { actorOf } from '../../../../../domain/audit/audit-actor.ts';
import { defineRoute, type Route } from '../../route.ts';
import { actingUser } from '../acting-user.ts';
import * as answers from './answers.ts';
import { chatPath, fieldOf, stopBody, updateBody } from './fields.ts';
import type { StreamingUseCases } from './streaming-use-cases.ts';

type Uses = Pick<StreamingUseCases, 'stopStream' | 'acceptUpdate'>;

/** Largest body of an update, in bytes: a transcript of 1 MiB with every character escaped. */
const MAX_UPDATE_BYTES = 4_194_304;

/** The routes that name a running or ended stream by its id. */
export const receiptRoutes = (useCases: Uses): Route[] => [stop(useCases), update(useCases)];

const stop = ({ stopStream }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/chat/sessions/:id/stop',
    operationId: 'stopStream',
    summary: 'Stop a stream; what was produced is billed and kept',
    permission: 'chat.use',
    params: chatPath,
    body: stopBody,
    opaqueFields: ['streamingSessionId'],
    answers: { 200: { description: 'Where the stream stands', schema: answers.stoppedStream } },
    refusals: ['chat.not_found', 'stream.id_mismatch'],
    handle: async ({ principal, params, body, requestId }) => {
      const person = actingUser(principal);
      const stopped = await stopStream.execute({
        owner: person.userId,
        actor: actorOf(person),
        chatId: params.id,
        claimedId: fieldOf(body, 'streamingSessionId'),
        requestId,
      });
      return { status: 200, body: stopped };
    },
  });

const update = ({ acceptUpdate }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/chat/sessions/:id/update-stream',
    operationId: 'updateStream',
    summary: "Send the client's receipt of a stream; of a running one it is the stop",
    permission: 'chat.use',
    params: chatPath,
    body: updateBody,
    opaqueFields: ['streamingSessionId', 'completeResponse', 'tokensUsed'],
    maxBodyBytes: MAX_UPDATE_BYTES,
    answers: { 200: { description: 'The receipt is stored', schema: answers.acceptedUpdate } },
    refusals: ['chat.not_found', 'stream.id_mismatch', 'stream.text_mismatch', 'stream.receipt_conflict'],
    handle: async ({ principal, params, body, requestId }) => {
      const person = actingUser(principal);
      const { replayed, ...accepted } = await acceptUpdate.execute({
        owner: person.userId,
        actor: actorOf(person),
        chatId: params.id,
        claimedId: fieldOf(body, 'streamingSessionId'),
        completeResponse: fieldOf(body, 'completeResponse'),
        tokensUsed: fieldOf(body, 'tokensUsed'),
        requestId,
      });
      return {
        status: 200,
        body: { message: 'Chat session updated successfully', ...accepted },
        ...(replayed ? { headers: { 'Idempotent-Replayed': 'true' } } : {}),
      };
    },
  });
