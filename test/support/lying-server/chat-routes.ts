import { randomUUID } from 'node:crypto';
import { type Asked, type MemoryRoute, problem, type Told } from './asked.ts';
import type { MemoryChat } from './memory-state.ts';
import { follow, start, stop } from './stream-routes.ts';
import { update } from './update-route.ts';

/** Finds the caller's chat, or says what is said of a chat that is not there. */
function inChat(handle: (asked: Asked, chat: MemoryChat) => Told | undefined) {
  return (asked: Asked): Told | undefined => {
    const chat = asked.state.chats.get(asked.params[0] ?? '');
    if (chat?.owner === asked.user) return handle(asked, chat);
    if (chat !== undefined && asked.lies('tells foreign chats from missing ones')) {
      return problem(403, 'permission.denied', 'This chat is not yours');
    }
    const isWordy = chat !== undefined && asked.lies('words the 404 of a foreign chat differently');
    return problem(404, 'chat.not_found', isWordy ? 'No such chat of yours' : 'No such chat');
  };
}

const create = ({ state, user, lies, body }: Asked): Told => {
  const id = randomUUID();
  state.chats.set(id, { id, owner: user, messages: [], streams: [], nextOffset: 1 });
  if (lies('makes a chat without an id')) return { status: 201, body: { title: body.title } };
  return { status: 201, body: { sessionId: id, title: body.title } };
};

const remove = (asked: Asked, chat: MemoryChat): Told => {
  for (const stream of chat.streams) for (const reader of stream.readers) reader.end();
  if (!asked.lies('keeps a deleted chat')) asked.state.chats.delete(chat.id);
  return { status: 200, body: { message: 'Deleted', sessionId: chat.id } };
};

const models = ({ lies }: Asked): Told => {
  const model = { id: 'memory', name: 'Memory', description: 'Says always the same', available: true };
  const price = lies('hides the price of a model') ? {} : { creditCost: 1 };
  return { status: 200, body: { models: [{ ...model, ...price }] } };
};

/** Chats, models and streams. */
export const chatRoutes: readonly MemoryRoute[] = [
  [/^GET \/api\/models$/, models],
  [/^POST \/api\/chat\/sessions$/, create],
  [
    /^GET \/api\/chat\/sessions\/([^/]+)$/,
    inChat((_asked, { id, messages }) => ({ status: 200, body: { sessionId: id, messages } })),
  ],
  [
    /^GET \/api\/chat\/sessions\/([^/]+)\/messages$/,
    inChat((_asked, { messages }) => ({ status: 200, body: { messages } })),
  ],
  [
    /^PATCH \/api\/chat\/sessions\/([^/]+)$/,
    inChat((_asked, { id }) => ({ status: 200, body: { sessionId: id } })),
  ],
  [
    /^POST \/api\/chat\/sessions\/([^/]+)\/messages$/,
    inChat(() => problem(409, 'stream.already_active', 'A stream is running')),
  ],
  [/^DELETE \/api\/chat\/sessions\/([^/]+)$/, inChat(remove)],
  [/^POST \/api\/chat\/sessions\/([^/]+)\/stream$/, inChat(start)],
  [/^GET \/api\/chat\/sessions\/([^/]+)\/stream$/, inChat(follow)],
  [/^POST \/api\/chat\/sessions\/([^/]+)\/stop$/, inChat(stop)],
  [/^POST \/api\/chat\/sessions\/([^/]+)\/update-stream$/, inChat(update)],
];
