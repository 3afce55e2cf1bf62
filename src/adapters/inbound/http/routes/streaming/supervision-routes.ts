import { defineRoute, type Route } from '../../route.ts';
import { sseNotice } from '../../sse-encoder.ts';
import { actingUser } from '../acting-user.ts';
import * as answers from './answers.ts';
import { chatPath, pageQuery, searchQuery, userChatPath, userPath } from './fields.ts';
import type { StreamingUseCases } from './streaming-use-cases.ts';
import { chatView, messageView, paginationView } from './views.ts';

type Uses = Pick<StreamingUseCases, 'observeStream' | 'readUserChats' | 'searchChatUsers' | 'eventStreams'>;

/** What supervisors may see of others; `search` comes before `:userId`. */
export const supervisionRoutes = (useCases: Uses): Route[] => [
  observe(useCases),
  search(useCases),
  list(useCases),
  get(useCases),
];

const observe = ({ observeStream, eventStreams }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/sessions/:id/observe',
    operationId: 'observeStream',
    summary: "Watch a chat session's running stream",
    permission: 'chat.observe',
    params: chatPath,
    answers: {
      200: {
        description: 'observer, history-start, what was, history-end, then live to the end',
        schema: 'event-stream',
      },
    },
    refusals: ['stream.not_running', 'stream.limit_reached'],
    handle: async ({ principal, params, requestId, budget }) => {
      const reader = actingUser(principal);
      const observed = await observeStream.execute({
        observer: reader.userId,
        chatId: params.id,
        requestId,
        budget,
      });
      const { id, chatId, modelId, historyEnd, events } = observed;
      const facts = { streamingSessionId: id, chatSessionId: chatId };
      return {
        raw: async (_request, response) => {
          const connection = eventStreams.open(response, { id, reader }, () => events.close());
          await connection.write(
            sseNotice('observer', { ...facts, modelId }) + sseNotice('history-start', facts),
          );
          await eventStreams.send(connection, events, {
            afterOffset: historyEnd,
            text: sseNotice('history-end', facts),
          });
        },
      };
    },
  });

const search = ({ searchChatUsers }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/users/search',
    operationId: 'searchChatUsers',
    summary: 'Users by a part of their name or email, with the number of their chat sessions',
    permission: 'chat.read-any',
    query: searchQuery,
    answers: { 200: { description: 'A page of users', schema: answers.userList } },
    handle: async ({ query }) => {
      const { users, total } = await searchChatUsers.execute(query);
      return {
        status: 200,
        body: {
          users: users.map(({ userId, username, sessionCount }) => ({ _id: userId, username, sessionCount })),
          pagination: paginationView(total, query),
        },
      };
    },
  });

const list = ({ readUserChats }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/users/:userId/sessions',
    operationId: 'listUserChats',
    summary: "A user's chat sessions, last changed first",
    permission: 'chat.read-any',
    params: userPath,
    query: pageQuery,
    answers: { 200: { description: 'A page of chat sessions', schema: answers.chatList } },
    refusals: ['user.not_found'],
    handle: async ({ principal, params, query, requestId }) => {
      const reader = actingUser(principal).userId;
      const found = await readUserChats.execute({ reader, user: params.userId, ...query, requestId });
      return {
        status: 200,
        body: { sessions: found.chats.map(chatView), pagination: paginationView(found.total, query) },
      };
    },
  });

const get = ({ readUserChats }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/users/:userId/sessions/:sessionId',
    operationId: 'getUserChat',
    summary: "A user's chat session with its messages",
    permission: 'chat.read-any',
    params: userChatPath,
    answers: { 200: { description: 'The chat session', schema: answers.wholeChat } },
    refusals: ['user.not_found', 'chat.not_found'],
    handle: async ({ principal, params, requestId }) => {
      const { userId: user, sessionId: chatId } = params;
      const reader = actingUser(principal).userId;
      const whole = await readUserChats.one({ reader, user, chatId, requestId });
      return { status: 200, body: { ...chatView(whole.chat), messages: whole.messages.map(messageView) } };
    },
  });
