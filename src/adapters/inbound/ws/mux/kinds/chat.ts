import { z } from 'zod';
import type { Budget } from '../../../../../application/budget.ts';
import type { Timers } from '../../../../../application/ports/timers.ts';
import type { AcceptUpdate } from '../../../../../application/streaming/accept-update.ts';
import type { FollowStream } from '../../../../../application/streaming/follow-stream.ts';
import type { OpenStream } from '../../../../../application/streaming/open-stream.ts';
import type { StopStream } from '../../../../../application/streaming/stop-stream.ts';
import { actorOf } from '../../../../../domain/audit/audit-actor.ts';
import { DomainError } from '../../../../../domain/domain-error.ts';
import type { UserId } from '../../../../../domain/identity/ids.ts';
import { MAX_TEXT_LENGTH } from '../../../../../domain/streaming/chat-session.ts';
import { countCharacters } from '../../../../../domain/streaming/count-characters.ts';
import type { ChatId } from '../../../../../domain/streaming/stream-id.ts';
import { MAX_REF_UNITS, readObject } from '../client-payloads.ts';
import { MuxRefusal } from '../mux-refusal.ts';
import { ChatFollower, type FollowFrom } from './chat-follower.ts';
import { chatOf, personOf } from './chat-params.ts';
import type { Kind, KindSession, Opening, SessionOut } from './kind.ts';

/** What chat asks; the same use cases as those of the HTTP routes. */
export interface ChatUses {
  /** @throws DomainError `chat.not_found`. */
  readonly findChat: (owner: UserId, chatId: ChatId) => Promise<unknown>;
  readonly openStream: OpenStream;
  readonly followStream: FollowStream;
  readonly stopStream: StopStream;
  readonly acceptUpdate: AcceptUpdate;
  readonly timers: Timers;
  /** How long a start may take until it is answered. */
  readonly budget: () => Budget;
  /** What a caller reads of an error, by the rules of HTTP. */
  readonly problem: (
    error: unknown,
    requestId: string,
  ) => { readonly status: number; readonly body: unknown };
}

/** What the key of a start is scoped to: a start that is tried again by HTTP is the same. */
const START_ROUTE = 'POST /api/chat/sessions/:id/stream';

const START = z.object({
  message: z
    .string()
    .min(1)
    .refine(
      (text) => countCharacters(text) <= MAX_TEXT_LENGTH,
      `must have at most ${MAX_TEXT_LENGTH} characters`,
    ),
  modelId: z.string().optional(),
  idempotencyKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .optional(),
});
const FOLLOW = z.object({ lastEventId: z.int().min(0).optional() });

type Body = Readonly<Record<string, unknown>>;
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One chat: starts, stops, updates and follows its streams, which come as EVENTs. */
export const chatKind = (uses: ChatUses): Kind => ({
  name: 'chat',
  permission: 'chat.use',
  open: async (opening, out) => {
    const session = new ChatMuxSession(uses, opening, out);
    await session.prepare();
    return session;
  },
});

class ChatMuxSession implements KindSession {
  recovered = true;
  offset: number;
  readonly #uses: ChatUses;
  readonly #opening: Opening;
  readonly #out: SessionOut;
  readonly #chatId: ChatId;
  readonly #follower: ChatFollower;
  #pending: FollowFrom | undefined;

  constructor(uses: ChatUses, opening: Opening, out: SessionOut) {
    this.#uses = uses;
    this.#opening = opening;
    this.#out = out;
    this.#chatId = chatOf(opening);
    this.offset = opening.offset ?? 0;
    this.#follower = new ChatFollower({ out, replayed: opening.replayed }, uses.timers, (cursor) =>
      this.#look(cursor),
    );
  }

  /** Sees whether the chat is there; of a session that was taken back, what follows what its client has. */
  async prepare(): Promise<void> {
    const { offset } = this.#opening;
    try {
      await this.#uses.findChat(this.#owner, this.#chatId);
      if (offset !== undefined) await this.#resume(offset);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'chat.not_found') throw error;
      throw new MuxRefusal('params.invalid', error.message);
    }
  }

  begin(): void {
    if (this.#pending !== undefined) this.#follower.follow(this.#pending);
    this.#pending = undefined;
  }

  onData(bytes: Buffer): Promise<void> | undefined {
    const read = readObject(bytes);
    if (read.kind === 'read') return this.#act(read.value);
    this.#out.refuse(read.code, read.message);
    return undefined;
  }

  async #act({ ref, op, ...body }: Body): Promise<void> {
    if (typeof ref !== 'string' || ref === '' || ref.length > MAX_REF_UNITS) {
      this.#out.refuse('params.invalid', `ref has 1 to ${MAX_REF_UNITS} characters`);
      return;
    }
    const act = typeof op === 'string' && Object.hasOwn(this.#acts, op) ? this.#acts[op] : undefined;
    if (act === undefined) {
      this.#out.refuse('op.invalid', 'op is start, stop, update or follow');
      return;
    }
    const { requestId } = this.#opening;
    let isGone = false;
    const answer = await act(body, ref).catch((error: unknown) => {
      isGone = error instanceof DomainError && error.code === 'chat.not_found';
      return this.#uses.problem(error, requestId);
    });
    if (answer !== undefined) await this.#answer(ref, answer);
    if (isGone) this.#out.end(4503, 'The chat session is gone');
  }

  close(): void {
    this.#pending?.events.close();
    this.#pending = undefined;
    this.#follower.close();
  }

  readonly #acts: Readonly<Record<string, (body: Body, ref: string) => Promise<Answer | undefined>>> = {
    start: async (body, ref) => {
      const { message, modelId, idempotencyKey } = checked(START, body);
      const budget = this.#uses.budget();
      const asked = {
        owner: this.#owner,
        chatId: this.#chatId,
        message,
        budget,
        ...(modelId === undefined ? {} : { modelId }),
        ...(idempotencyKey === undefined ? {} : { key: { key: idempotencyKey, route: START_ROUTE } }),
      };
      const opened = await budget.spend(() => this.#uses.openStream.execute(asked));
      const { id, chatId, replayed, events } = opened;
      const said = { streamingSessionId: id, chatSessionId: chatId, modelId: opened.modelId, replayed };
      await this.#answer(ref, { status: 200, body: said });
      // The stream that is being read already goes on as it is.
      if (replayed && this.#follower.streamId === id) events.close();
      else this.#follower.follow({ events, after: 0 });
      opened.begin();
      return undefined;
    },
    stop: async (body) => {
      const claimedId = body.streamingSessionId;
      return { status: 200, body: await this.#uses.stopStream.execute({ ...this.#claimant(), claimedId }) };
    },
    update: async (body) => {
      const { replayed: _replayed, ...accepted } = await this.#uses.acceptUpdate.execute({
        ...this.#claimant(),
        claimedId: body.streamingSessionId,
        completeResponse: body.completeResponse,
        tokensUsed: body.tokensUsed,
      });
      return { status: 200, body: { message: 'Chat session updated successfully', ...accepted } };
    },
    follow: async (body, ref) => {
      const { lastEventId } = checked(FOLLOW, body);
      const followed = await this.#look(lastEventId);
      if (followed.kind === 'nothing') return { status: 204, body: null };
      await this.#answer(ref, { status: 200, body: { streamingSessionId: followed.id } });
      if (followed.kind === 'following') {
        this.#follower.follow({ events: followed.events, after: lastEventId ?? 0 });
        return undefined;
      }
      const { offset, json } = followed.event;
      await this.#out.event(offset, Buffer.from(`{"event":"error","data":${json}}`));
      return undefined;
    },
  };

  get #owner(): UserId {
    return personOf(this.#opening).userId;
  }

  #claimant() {
    const person = personOf(this.#opening);
    const { requestId } = this.#opening;
    return { owner: person.userId, actor: actorOf(person), chatId: this.#chatId, requestId };
  }

  #look(cursor: number | undefined) {
    const from = cursor === undefined ? {} : { cursor };
    return this.#uses.followStream.execute({ owner: this.#owner, chatId: this.#chatId, ...from });
  }

  async #resume(offset: number): Promise<void> {
    const followed = await this.#look(offset === 0 ? undefined : offset);
    if (followed.kind === 'nothing') {
      // Whoever has read further than there ever was, or nothing of what is gone, would leave away what comes, or miss it.
      this.recovered = followed.lastOffset === offset;
      this.offset = followed.lastOffset;
      return;
    }
    if (followed.kind === 'following' && offset !== 0) {
      this.#pending = { events: followed.events, after: offset };
      return;
    }
    this.recovered = followed.kind === 'following';
    const kept = followed.kind === 'following' ? followed : await this.#look(undefined);
    if (kept.kind !== 'following') {
      this.offset = followed.kind === 'lost' ? followed.event.offset : offset;
      return;
    }
    // Where the stream begins in the chat is told by its first event alone.
    const step = await kept.events.next().catch((error: unknown) => {
      kept.events.close();
      throw error;
    });
    const read = step.done ? [] : step.value;
    this.offset = (read[0]?.offset ?? 1) - 1;
    this.#pending = { events: kept.events, read, after: this.offset };
  }

  async #answer(ref: string, { status, body }: Answer): Promise<void> {
    await this.#out.data(Buffer.from(JSON.stringify({ ref, status, body })));
  }
}

/** @throws DomainError `request.invalid` with the path of the first fault. */
function checked<Value>(schema: z.ZodType<Value>, body: Body): Value {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [fault] = result.error.issues;
  const path = fault?.path.join('.') ?? '';
  const message = fault?.message ?? 'is not valid';
  throw new DomainError('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
}
