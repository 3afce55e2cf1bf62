import type { ApiRequest } from '../client/api-client.ts';
import { Refused } from '../client/failures.ts';
import { Login } from '../client/login.ts';
import { Actor, chatPath, showCredits } from './actor.ts';
import { lend } from './services-promises.ts';
import type { See } from './verification.ts';
import { QUESTION, type Stage, type World } from './world.ts';

/** Another user, made for this verification, with a chat of his own. */
export interface Outsider {
  readonly actor: Actor;
  readonly chatId: string;
}

/** A chat id that no server has issued. */
const NEVER_ISSUED_CHAT = '00000000-0000-4000-8000-000000000000';
/** What the outsider is lent for his own stream, in credits. */
const OUTSIDER_CREDITS = 20;

/** Signs up a user who has no credit: he gets 402, and nothing is done for him. */
export async function lookAtTheOutsider(world: World, stage: Stage): Promise<Outsider> {
  const { verification } = world;
  const actor = await verification.promise(
    'outsider.signed_up',
    '201 with a userId, then a login',
    async (see) => signUp(world, stage, see),
  );
  const chatId = (await actor.createChat('verify, another user')) ?? '';
  verification.atEnd("the other user's chat", () => actor.deleteChat(chatId));
  await verification.promise('credit.refused', '402 for a start without credit', async (see) => {
    const refusal = await refusalOf(() => actor.startStream(chatId, QUESTION));
    see(refusal?.status === 402, refusal === undefined ? 'a stream' : `${refusal.status} ${refusal.code}`);
  });
  await verification.promise(
    'credit.nothing_done',
    'no message, no stream, no charge after the 402',
    async (see) => {
      const messages = await actor.client.call({ service: 'chat', path: `${chatPath(chatId)}/messages` });
      const stored = messages.body.at('messages').items().length;
      const { status } = await actor.client.ask({ service: 'chat', path: `${chatPath(chatId)}/stream` });
      const { credits } = await actor.usage();
      const { held } = await actor.account();
      const isNothing = stored === 0 && status === 204 && credits === 0 && held === 0;
      see(isNothing, `${stored} messages, ${status} for the stream, ${showCredits(credits)} charged`);
    },
  );
  return { actor, chatId };
}

/** Every door to somebody else's chat says what a chat that does not exist says. */
export async function lookAtForeignDoors(
  world: World,
  stage: Stage,
  outsider: Outsider,
  streamId: string,
): Promise<void> {
  const expected = '404 on every route, told as if there were no such chat';
  await world.verification.promise('owner.not_told', expected, async (see) => {
    for (const door of doorsOf(streamId)) {
      const foreign = await answerAt(outsider.actor, stage.chatId, door);
      const missing = await answerAt(outsider.actor, NEVER_ISSUED_CHAT, door);
      const name = `${door.method} …${door.path}`;
      see(foreign.status === 404, `${foreign.status} for ${name}`);
      see(foreign.told === missing.told, `${name}: ${foreign.told} differs from ${missing.told}`);
    }
    see(true, '404 on every route, the same words');
  });
}

/** Gives the outsider credit and lets him start and stop a stream, whose id is then somebody else's. */
export async function foreignStreamId(stage: Stage, { actor, chatId }: Outsider): Promise<string> {
  const granted = await lend(stage.admin, actor.userId, OUTSIDER_CREDITS);
  if (granted.status !== 201) throw stage.admin.client.refusal(granted);
  const stream = await actor.startStream(chatId, QUESTION);
  await actor.stop(chatId, stream.id);
  await stream.readAll();
  return stream.id;
}

async function signUp(
  { client, io, runId, verification }: World,
  { admin }: Stage,
  see: See,
): Promise<Actor> {
  const username = `verify-${runId}`;
  const password = io.ids.secret(256);
  const email = `${username}@verify.invalid`;
  const answer = await client.ask({
    service: 'auth',
    path: '/api/auth/signup',
    body: { username, email, password },
  });
  const userId = answer.body.text('userId') ?? '';
  see(answer.status === 201 && userId !== '', `${answer.status} ${answer.body.text('detail') ?? ''}`);
  verification.atEnd('the other user', async () => {
    const path = `/api/admin/users/${encodeURIComponent(userId)}`;
    await admin.client.call({ service: 'auth', method: 'DELETE', path });
  });
  const login = await Login.open(client, username, password);
  see(true, `201 with userId ${userId}`);
  return new Actor(client, login, io);
}

interface Door {
  readonly method: NonNullable<ApiRequest['method']>;
  readonly path: string;
  readonly body?: unknown;
}

const doorsOf = (streamingSessionId: string): readonly Door[] => [
  { method: 'GET', path: '' },
  { method: 'GET', path: '/messages' },
  { method: 'GET', path: '/stream' },
  { method: 'PATCH', path: '', body: { title: 'mine now' } },
  { method: 'POST', path: '/messages', body: { message: QUESTION } },
  { method: 'POST', path: '/stream', body: { message: QUESTION } },
  { method: 'POST', path: '/stop', body: { streamingSessionId } },
  {
    method: 'POST',
    path: '/update-stream',
    body: { streamingSessionId, completeResponse: '', tokensUsed: 0 },
  },
  { method: 'DELETE', path: '' },
];

async function answerAt(actor: Actor, chatId: string, door: Door): Promise<{ status: number; told: string }> {
  const refusal = await refusalOf(async () => {
    const response = await actor.client.open({
      service: 'chat',
      ...door,
      path: `${chatPath(chatId)}${door.path}`,
    });
    await response.body?.cancel();
  });
  if (refusal === undefined) return { status: 200, told: 'an answer' };
  return { status: refusal.status, told: `${refusal.status} ${refusal.code} "${refusal.message}"` };
}

/** What a request was refused with; undefined when it was not. */
export async function refusalOf(act: () => Promise<unknown>): Promise<Refused | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}
