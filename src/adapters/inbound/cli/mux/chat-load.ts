import type { ChatChannel } from '../../../../client/mux/chat-channel.ts';
import type { MuxClient } from '../../../../client/mux/mux-client.ts';
import type { MuxSession } from '../../../../client/mux/mux-session.ts';
import type { ApiClient } from '../client/api-client.ts';
import { ProtocolFault } from '../client/failures.ts';
import { Latencies } from './latencies.ts';
import type { SessionLoad } from './session-load.ts';

/** What every chat is asked, again and again. */
const QUESTION = 'How does a stream resume after a lost connection?';

/** Asks in a chat of its own and reads the answer, until it is told to stop; then the chat is deleted. */
export class ChatLoad implements SessionLoad {
  readonly name: string;
  latencies = new Latencies();
  /** Why no more is asked, where the server has refused a start. */
  refusal: string | undefined;
  readonly #client: ApiClient;
  readonly #chatId: string;
  readonly #chat: ChatChannel;
  #streamId: string | undefined;

  private constructor(name: string, client: ApiClient, chatId: string, chat: ChatChannel) {
    this.name = name;
    this.#client = client;
    this.#chatId = chatId;
    this.#chat = chat;
  }

  /** Makes a chat and opens its session. @throws Refused, Unreachable, MuxError. */
  static async open(name: string, api: ApiClient, mux: MuxClient): Promise<ChatLoad> {
    const request = { service: 'chat', path: '/api/chat/sessions', body: { source: 'cli' } } as const;
    const id = (await api.call(request)).body.text('sessionId');
    if (id === undefined) throw new ProtocolFault('The chat service made a chat without an id');
    try {
      return new ChatLoad(name, api, id, await mux.openChat(id));
    } catch (error) {
      await deleteChat(api, id);
      throw error;
    }
  }

  get session(): MuxSession {
    return this.#chat.session;
  }

  async run(signal: AbortSignal): Promise<void> {
    const reading = this.#read(signal);
    await this.#start();
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve());
    });
    await Promise.race([reading, stopped]);
  }

  /** Stops what runs, and deletes the chat. */
  async tidyUp(): Promise<void> {
    if (this.#streamId !== undefined && this.session.state === 'open') {
      await this.#chat.stop(this.#streamId).catch(() => undefined);
    }
    await deleteChat(this.#client, this.#chatId);
  }

  async #start(): Promise<void> {
    const answer = await this.#chat.start({ message: QUESTION }).catch(() => undefined);
    const body = answer?.body as { streamingSessionId?: string; detail?: string } | undefined;
    this.#streamId = body?.streamingSessionId;
    if (answer !== undefined && answer.status !== 200) this.refusal = body?.detail ?? `${answer.status}`;
  }

  async #read(signal: AbortSignal): Promise<void> {
    let lastAtMs = performance.now();
    try {
      for await (const { event } of this.#chat) {
        const nowMs = performance.now();
        if (event === 'chunk') this.latencies.add(nowMs - lastAtMs);
        lastAtMs = nowMs;
        if (signal.aborted || this.refusal !== undefined) return;
        if (event === 'done' || event === 'error') void this.#start();
      }
    } catch {
      // How the session ended is told by itself.
    }
  }
}

/** Deletes a chat; one that is gone, or a server that is, leaves nothing to do. */
async function deleteChat(client: ApiClient, chatId: string): Promise<void> {
  const path = `/api/chat/sessions/${encodeURIComponent(chatId)}`;
  await client.ask({ service: 'chat', method: 'DELETE', path }).catch(() => undefined);
}
