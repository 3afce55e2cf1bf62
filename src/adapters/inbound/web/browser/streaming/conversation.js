import { ApiProblem } from '../platform/api-client.js';
import { ChatFeed } from './chat-feed.js';
import { sendQuestion } from './send-question.js';
import { sendReceipt } from './send-receipt.js';

/** @import { Answer } from './answer.js' */
/** @import { LoopEnd } from './stream-loop.js' */

/**
 * @typedef {object} Message
 * @property {'user' | 'assistant'} role
 * @property {string} content
 * @property {string} [state] how the stream that wrote it ended
 * @property {string} [streamId]
 * @property {Answer} [answer] the answer that it was, when it came while the page was open
 */

/**
 * @typedef {object} ConversationDeps
 * @property {string} chatId
 * @property {string} userId
 * @property {import('../platform/api-client.js').ApiClient} api
 * @property {typeof import('../platform/timers.js').browserTimers} timers
 * @property {() => string} newName
 * @property {Pick<LockManager, 'request'>} locks
 * @property {(name: string) => import('./chat-feed.js').FeedDeps['channel']} openChannel
 * @property {typeof import('../platform/receipts-due.js').receiptsDue} receiptsDue
 * @property {() => void} onChange something that is shown has changed
 * @property {() => void} onEnd an answer has ended, so that credit has moved
 */

/** One chat as this tab shows it: its messages, the answer that is coming, and what can be done about them. */
export class Conversation {
  #deps;
  #feed;
  #path;
  /** @type {AbortController | undefined} set while a question is on its way; aborts when it is given up */
  #sending;
  /** @type {string | undefined} the last stream whose end has been told */
  #endTold;
  /** @type {string | undefined} the last answer that has become one of the messages */
  #keptId;
  title = '';
  modelId = '';
  /** @type {'loading' | 'ready' | 'missing' | 'failed'} */
  phase = 'loading';
  /** Why the chat cannot be shown, as a sentence. */
  problem = '';
  /** @type {Message[]} */
  messages = [];
  /** What the server called the receipt of each answer. @type {Map<string, string>} */
  receipts = new Map();

  /** @param {ConversationDeps} deps */
  constructor(deps) {
    this.#deps = deps;
    this.#path = `/api/chat/sessions/${encodeURIComponent(deps.chatId)}`;
    const name = `holdfast/${deps.userId}/${deps.chatId}`;
    this.#feed = new ChatFeed({
      name,
      channel: deps.openChannel(name),
      locks: deps.locks,
      timers: deps.timers,
      open: (cursor, signal) =>
        deps.api.open('GET', `${this.#path}/stream`, {
          signal,
          headers: cursor === undefined ? {} : { 'Last-Event-ID': String(cursor) },
        }),
      onChange: () => this.#changed(),
      onAsked: (question) => this.#heard(question),
      onReceipt: (streamId, receipt) => {
        this.receipts.set(streamId, receipt);
        deps.onChange();
      },
    });
  }

  /** The answer that is coming, or that came last and is not one of the messages yet. */
  get answer() {
    const { answer } = this.#feed;
    return answer === undefined || answer.streamId === this.#keptId ? undefined : answer;
  }

  get link() {
    return this.#feed.link;
  }

  /** Whether an answer is on its way, asked for here or elsewhere. */
  get isBusy() {
    return this.#sending !== undefined || (this.#feed.isFollowing && this.answer?.end === undefined);
  }

  get isSending() {
    return this.#sending !== undefined;
  }

  /** Fetches the chat, and follows what runs in it. */
  async load() {
    try {
      const chat = await this.#deps.api.call('GET', this.#path);
      this.title = chat.title;
      this.modelId = chat.modelId;
      this.#takeMessages(chat.messages.map(messageOf));
      this.phase = 'ready';
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      this.phase = error.status === 404 ? 'missing' : 'failed';
      this.problem = error.message;
      this.#deps.onChange();
      return;
    }
    this.#deps.onChange();
    if (this.messages.at(-1)?.role === 'user') await this.follow();
    else await this.#acknowledgeLast();
  }

  /** Looks again at a chat that was left alone for a while: others may have asked in it, or renamed it. */
  async refresh() {
    if (this.phase !== 'loading' && !this.isBusy) await this.load();
  }

  /** Shows a chat that has just been made, without asking for what it cannot have yet. */
  begin(/** @type {{ title: string, modelId: string }} */ { title, modelId }) {
    this.title = title;
    this.modelId = modelId;
    this.phase = 'ready';
    this.#deps.onChange();
  }

  /** Follows what runs in the chat, if anything does. */
  async follow() {
    await this.#afterEnd(await this.#feed.follow());
  }

  /**
   * Asks. A question that did not arrive is sent again under the same key, so that it is answered once.
   *
   * @param {string} question
   * @param {string} modelId
   * @throws {ApiProblem} when it was refused; the question is then not part of the chat
   */
  async ask(question, modelId) {
    this.#keepAnswer();
    const asked = /** @type {Message} */ ({ role: 'user', content: question });
    this.messages.push(asked);
    const sending = new AbortController();
    this.#sending = sending;
    this.#deps.onChange();
    try {
      const end = await this.#feed.ask(question, (signal) =>
        this.#send(question, modelId, signal, sending.signal),
      );
      await this.#afterEnd(end);
    } catch (error) {
      this.messages = this.messages.filter((message) => message !== asked);
      if (sending.signal.aborted) throw new ApiProblem({ status: 0, code: 'given-up', message: 'Not sent.' });
      if (error instanceof DOMException) {
        const message = 'Another tab is reading an answer in this chat. Try again when it has ended.';
        throw new ApiProblem({ status: 409, code: 'busy', message });
      }
      throw error;
    } finally {
      if (this.#sending === sending) this.#sending = undefined;
      this.#deps.onChange();
    }
  }

  /** Stops the answer. A question on its way is not sent again, and stopped if it arrives. @throws {ApiProblem} */
  async stop() {
    const { answer } = this;
    if (this.#sending !== undefined) this.#sending.abort(new DOMException('given up', 'AbortError'));
    else if (answer !== undefined && answer.end === undefined) await this.#stopStream(answer.streamId);
  }

  /** @param {string} streamId */
  async #stopStream(streamId) {
    await this.#deps.api.call('POST', `${this.#path}/stop`, { streamingSessionId: streamId });
  }

  /** The chat has been given another title. @param {string} title */
  retitle(title) {
    this.title = title;
    this.#deps.onChange();
  }

  close() {
    this.#sending?.abort(new DOMException('closed', 'AbortError'));
    this.#feed.close();
  }

  /**
   * @param {string} message
   * @param {string} modelId
   * @param {AbortSignal} signal
   * @param {AbortSignal} givenUp
   */
  async #send(message, modelId, signal, givenUp) {
    const onAway = (/** @type {number} */ againInMs) => this.#feed.tellLink({ kind: 'away', againInMs });
    const sending = { path: this.#path, body: { message, modelId }, signal, givenUp, onAway };
    const response = await sendQuestion(this.#deps, sending);
    this.#sending = undefined;
    const streamId = response.headers.get('X-Streaming-Session-Id');
    if (streamId !== null) {
      this.#deps.receiptsDue.add(streamId);
      if (givenUp.aborted) void this.#stopStream(streamId).catch(() => undefined);
    }
    return response;
  }

  /** @param {LoopEnd | undefined} end undefined where another tab was the reader */
  async #afterEnd(end) {
    if (end === undefined) return;
    const { answer } = this;
    if (end.kind === 'ended' && answer?.end !== undefined)
      await this.#acknowledge(answer.streamId, answer.text);
    else if (end.kind === 'lost') {
      this.#feed.reset();
      await this.load();
    } else if (end.kind === 'refused' && end.status === 404) this.phase = 'missing';
    this.#deps.onChange();
  }

  /** The end may have come while no tab was open. */
  async #acknowledgeLast() {
    const last = this.messages.at(-1);
    if (last?.streamId !== undefined) await this.#acknowledge(last.streamId, last.content);
  }

  /**
   * Tells the server what arrived, for a stream that was asked for in this browser.
   *
   * @param {string} streamId
   * @param {string} text
   */
  async #acknowledge(streamId, text) {
    const receipt = await sendReceipt(this.#deps, this.#path, { streamId, text });
    if (receipt === undefined) return;
    this.receipts.set(streamId, receipt);
    this.#feed.tellReceipt(streamId, receipt);
    this.#deps.onChange();
  }

  #changed() {
    const { answer } = this;
    if (answer !== undefined)
      this.messages = this.messages.filter(
        ({ streamId, role }) => role === 'user' || streamId !== answer.streamId,
      );
    if (answer?.end !== undefined && this.#endTold !== answer.streamId) {
      this.#endTold = answer.streamId;
      this.#deps.onEnd();
    }
    this.#deps.onChange();
  }

  /** Another tab has asked in this chat. @param {string} question */
  #heard(question) {
    this.#keepAnswer();
    this.messages.push({ role: 'user', content: question });
    this.#deps.onChange();
    void this.follow();
  }

  /** What the server has kept, with what only this tab knows of its answers. @param {Message[]} messages */
  #takeMessages(messages) {
    const { answer } = this.#feed;
    const known = this.messages.flatMap((message) => (message.answer === undefined ? [] : [message.answer]));
    if (answer?.end !== undefined) {
      known.push(answer);
      this.#keptId = answer.streamId;
    }
    this.messages = messages.map((message) => {
      const told = known.find(({ streamId }) => streamId === message.streamId);
      return told === undefined || message.role === 'user' ? message : { ...message, answer: told };
    });
  }

  /** The last answer becomes one of the messages, so that the next one has its place. */
  #keepAnswer() {
    const { answer } = this;
    if (answer?.end === undefined) return;
    this.#keptId = answer.streamId;
    this.messages.push({ role: 'assistant', content: answer.text, streamId: answer.streamId, answer });
  }
}

/**
 * @param {any} message as the server tells it
 * @returns {Message}
 */
const messageOf = ({ role, content, metadata }) => ({
  role,
  content,
  ...(metadata?.state === undefined ? {} : { state: metadata.state }),
  ...(metadata?.streamingSessionId === undefined ? {} : { streamId: metadata.streamingSessionId }),
});
