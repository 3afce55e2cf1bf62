import { ApiClient, type EventReader } from './api-client.ts';
import type { FakeUpstream } from './fake-upstream.ts';
import { RunningServer, temporaryFolder } from './running-server.ts';

/** The model that a fake upstream stands for; it costs one credit for 1,000 tokens. */
export const UPSTREAM_MODEL_ID = 'talker';

/** What one token of that model costs, in credits. */
export const TOKEN_PRICE = 0.001;

/** A real server whose second model is a fake upstream, and its demo user. */
export interface UpstreamServer {
  readonly server: RunningServer;
  readonly user: ApiClient;
}

/** Starts `holdfast serve` with a fake upstream for a model server; the rest is as {@link RunningServer.start} takes it. */
export async function serveUpstream(
  upstream: FakeUpstream,
  flags: readonly string[] = [],
  data: string = temporaryFolder(),
  within: readonly string[] = [],
): Promise<UpstreamServer> {
  const model = ['--model-url', upstream.url, '--model-id', UPSTREAM_MODEL_ID, '--model-price', '1'];
  const server = await RunningServer.start(['--demo', ...model, ...flags], data, {}, within);
  return { server, user: await ApiClient.login(server.urls, 'user1', 'User1@123') };
}

/** Makes a chat that is answered by the upstream's model. */
export async function createUpstreamChat(user: ApiClient): Promise<string> {
  const { body } = await user.post('chat', '/api/chat/sessions', { modelId: UPSTREAM_MODEL_ID });
  return body.sessionId;
}

/** Starts a stream of the upstream's model in a chat of its own. */
export async function startUpstreamStream(
  user: ApiClient,
): Promise<{ readonly chat: string; readonly reader: EventReader }> {
  const chat = await createUpstreamChat(user);
  return { chat, reader: await user.start(chat, 'Say something') };
}

/** The caller's own credit, in credits. */
export async function creditOf(
  user: ApiClient,
): Promise<{ readonly availableCredits: number; readonly heldCredits: number }> {
  const { body } = await user.get('accounting', '/api/credits/balance');
  return body;
}
