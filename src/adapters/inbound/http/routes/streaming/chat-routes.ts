import { actorOf } from '../../../../../domain/audit/audit-actor.ts';
import { defineRoute, type Route } from '../../route.ts';
import { actingUser } from '../acting-user.ts';
import * as answers from './answers.ts';
import { chatPath, createChatBody, messageBody, pageQuery, renameBody } from './fields.ts';
import type { StreamingUseCases } from './streaming-use-cases.ts';
import { chatView, messageView, paginationView } from './views.ts';

type Uses = Pick<
  StreamingUseCases,
  'createChat' | 'listChats' | 'getChat' | 'renameChat' | 'deleteChat' | 'sendMessage'
>;

/** The routes of a caller's own chats. */
export const chatRoutes = (useCases: Uses): Route[] => [
  create(useCases),
  list(useCases),
  get(useCases),
  rename(useCases),
  remove(useCases),
  messages(useCases),
  send(useCases),
];

const create = ({ createChat }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/chat/sessions',
    operationId: 'createChat',
    summary: 'Make a chat session',
    permission: 'chat.use',
    body: createChatBody,
    answers: { 201: { description: 'The chat session', schema: answers.createdChat } },
    refusals: ['chat.limit_reached'],
    handle: async ({ principal, body }) => {
      const { title, initialMessage, modelId, source } = body;
      const chat = await createChat.execute({
        owner: actingUser(principal).userId,
        ...(title === undefined ? {} : { title }),
        ...(initialMessage === undefined ? {} : { initialMessage }),
        ...(modelId === undefined ? {} : { modelId }),
        ...(source === undefined ? {} : { source }),
      });
      return { status: 201, body: chatView(chat) };
    },
  });

const list = ({ listChats }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/sessions',
    operationId: 'listChats',
    summary: 'Your chat sessions, last changed first',
    permission: 'chat.use',
    query: pageQuery,
    answers: { 200: { description: 'A page of chat sessions', schema: answers.chatList } },
    handle: async ({ principal, query }) => {
      const { chats, total } = await listChats.execute({ owner: actingUser(principal).userId, ...query });
      return {
        status: 200,
        body: { sessions: chats.map(chatView), pagination: paginationView(total, query) },
      };
    },
  });

const get = ({ getChat }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/sessions/:id',
    operationId: 'getChat',
    summary: 'A chat session with its messages',
    permission: 'chat.use',
    params: chatPath,
    answers: { 200: { description: 'The chat session', schema: answers.wholeChat } },
    refusals: ['chat.not_found'],
    handle: async ({ principal, params }) => {
      const whole = await getChat.execute({ owner: actingUser(principal).userId, chatId: params.id });
      return { status: 200, body: { ...chatView(whole.chat), messages: whole.messages.map(messageView) } };
    },
  });

const rename = ({ renameChat }: Uses): Route =>
  defineRoute({
    method: 'patch',
    path: '/api/chat/sessions/:id',
    operationId: 'renameChat',
    summary: 'Give a chat session another title',
    permission: 'chat.use',
    params: chatPath,
    body: renameBody,
    answers: { 200: { description: 'The chat session', schema: answers.renamedChat } },
    refusals: ['chat.not_found'],
    handle: async ({ principal, params, body }) => {
      const owner = actingUser(principal).userId;
      const chat = await renameChat.execute({ owner, chatId: params.id, title: body.title });
      return { status: 200, body: { message: 'Chat session renamed', ...chatView(chat) } };
    },
  });

const remove = ({ deleteChat }: Uses): Route =>
  defineRoute({
    method: 'delete',
    path: '/api/chat/sessions/:id',
    operationId: 'deleteChat',
    summary: 'Remove a chat session for good; its running stream is stopped and settled first',
    permission: 'chat.use',
    params: chatPath,
    answers: { 200: { description: 'It is gone', schema: answers.deletedChat } },
    refusals: ['chat.not_found', 'stream.already_active'],
    handle: async ({ principal, params, requestId }) => {
      const person = actingUser(principal);
      const owner = person.userId;
      await deleteChat.execute({ owner, chatId: params.id, actor: actorOf(person), requestId });
      return { status: 200, body: { message: 'Chat session deleted', sessionId: params.id } };
    },
  });

const messages = ({ getChat }: Uses): Route =>
  defineRoute({
    method: 'get',
    path: '/api/chat/sessions/:id/messages',
    operationId: 'listMessages',
    summary: 'The messages of a chat session, oldest first',
    permission: 'chat.use',
    params: chatPath,
    answers: { 200: { description: 'The messages', schema: answers.messageList } },
    refusals: ['chat.not_found'],
    handle: async ({ principal, params }) => {
      const whole = await getChat.execute({ owner: actingUser(principal).userId, chatId: params.id });
      return { status: 200, body: { messages: whole.messages.map(messageView) } };
    },
  });

const send = ({ sendMessage }: Uses): Route =>
  defineRoute({
    method: 'post',
    path: '/api/chat/sessions/:id/messages',
    operationId: 'sendMessage',
    summary: 'Ask, and wait for the whole answer',
    permission: 'chat.use',
    params: chatPath,
    body: messageBody,
    answers: { 200: { description: 'The answer', schema: answers.answeredMessage } },
    refusals: [
      'chat.not_found',
      'credit.insufficient',
      'stream.already_active',
      'stream.limit_reached',
      'model.failed',
      'model.too_slow',
      'stream.interrupted',
    ],
    handle: async ({ principal, params, body, signal, budget }) => {
      const { message, modelId } = body;
      const sent = await sendMessage.execute({
        owner: actingUser(principal).userId,
        chatId: params.id,
        message,
        ...(modelId === undefined ? {} : { modelId }),
        budget,
        signal,
      });
      return { status: 200, body: { message: 'Message answered', sessionId: params.id, ...sent } };
    },
  });
