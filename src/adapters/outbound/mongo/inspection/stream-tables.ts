import type { Filter } from 'mongodb';
import type { SettlementIntent } from '../../../../application/ports/accounting/credit-holds.ts';
import type {
  Found,
  InspectedChat,
  InspectedLog,
  InspectedMessage,
  Page,
  Seen,
} from '../../../../application/ports/store-inspection.ts';
import { parseEventLine, parseEventLines } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';
import type { ChatId, StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { StreamingSessionState } from '../../../../domain/streaming/streaming-session.ts';
import {
  type BatchDocument,
  batchKeys,
  CHATS,
  type ChatDocument,
  EVENT_BATCHES,
  firstOffsetOf,
  INTENTS,
  type IntentDocument,
  MESSAGES,
  type MessageDocument,
  messageFrom,
  REMOVALS,
  type RemovalDocument,
  STREAMS,
  type StreamDocument,
  sessionFrom,
} from '../streaming/streaming-documents.ts';
import { inLists, type Moment, pagesOf, seenAs } from './moment.ts';

/** Streams that are looked at together: their logs are in memory then. */
const STREAMS_AT_ONCE = 50;
/** Messages that are looked at together. */
const MESSAGES_AT_ONCE = 500;

/** Chats, streams and their logs. What is about to be removed with its chat, or by expiry, is gone already. */
export class StreamTables {
  readonly #moment: Moment;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  chats(): AsyncIterable<Page<InspectedChat>> {
    return pagesOf(this.#moment.find<ChatDocument>(CHATS, {}), chatSeen);
  }

  async *streams(): AsyncGenerator<Page<StreamingSessionState>> {
    const removed = await this.#removed();
    // The index for the newest stream of a chat, read backwards.
    const sort = { chatId: -1, firstOffset: 1 } as const;
    const documents = this.#moment.find<StreamDocument>(STREAMS, {}, { sort });
    for await (const list of inLists(documents, STREAMS_AT_ONCE)) {
      yield list.filter(({ chatId }) => !removed.has(chatId)).map(streamSeen);
    }
  }

  async *messages(): AsyncGenerator<Page<InspectedMessage>> {
    const removed = await this.#removed();
    const documents = this.#moment.find<MessageDocument>(MESSAGES, {});
    for await (const list of inLists(documents, MESSAGES_AT_ONCE)) {
      yield list.filter(({ chatId }) => !removed.has(chatId)).map(messageSeen);
    }
  }

  intents(): AsyncIterable<Page<SettlementIntent>> {
    return pagesOf(this.#moment.find<IntentDocument>(INTENTS, {}), intentSeen);
  }

  async chatsOf(ids: readonly string[]): Promise<Found<Seen<InspectedChat>>> {
    return seenBy(await this.#moment.ofKeys<ChatDocument>(CHATS, ids), chatSeen);
  }

  /** By their places, which a stream knows. */
  async messagesOf(streams: readonly StreamingSessionState[]): Promise<Found<Page<InspectedMessage>>> {
    const found = new Map<string, Array<Seen<InspectedMessage>>>();
    const places = streams.flatMap(({ chatId, firstOffset, end }) =>
      [firstOffset, end?.lastOffset].flatMap((place) => (place === undefined ? [] : [{ chatId, place }])),
    );
    if (places.length === 0) return found;
    const sort = { chatId: 1, place: 1 } as const;
    for await (const document of this.#moment.find<MessageDocument>(MESSAGES, { $or: places }, { sort })) {
      const { streamId } = document;
      if (streamId === undefined) continue;
      found.set(streamId, [...(found.get(streamId) ?? []), messageSeen(document)]);
    }
    return found;
  }

  async streamsOf(ids: readonly string[]): Promise<Found<Seen<StreamingSessionState>>> {
    return seenBy(await this.#moment.ofKeys<StreamDocument>(STREAMS, ids), streamSeen);
  }

  async intentsOf(streamIds: readonly string[]): Promise<Found<Seen<SettlementIntent>>> {
    return seenBy(await this.#moment.ofKeys<IntentDocument>(INTENTS, streamIds), intentSeen);
  }

  async logsOf(streams: readonly StreamingSessionState[]): Promise<Found<Seen<InspectedLog>>> {
    const ids = streams.map(({ id }) => id);
    const batches = await this.#batchesOf(ids);
    const projection = { first: 1, firstOffset: 1, unpurged: 1 } as const;
    const found = new Map<string, Seen<InspectedLog>>();
    for (const [id, own] of await this.#moment.ofKeys<StreamDocument>(STREAMS, ids, projection)) {
      const rest = batches.get(id as StreamId) ?? [];
      if (own.unpurged === true || (own.first === undefined && rest.length === 0)) continue;
      found.set(
        id,
        seenAs(`event_batches/${id}`, () => logFrom(own, rest)),
      );
    }
    return found;
  }

  /** Chats that were removed, and on which something may hang still. */
  async #removed(): Promise<ReadonlySet<ChatId>> {
    const removed = new Set<ChatId>();
    for await (const { _id } of this.#moment.find<RemovalDocument>(REMOVALS, {})) removed.add(_id);
    return removed;
  }

  async #batchesOf(ids: readonly StreamId[]): Promise<Map<StreamId, BatchDocument[]>> {
    const found = new Map<StreamId, BatchDocument[]>();
    const [first, ...others] = ids.map((id) => ({ id, keys: batchKeys(id) }));
    if (first === undefined) return found;
    const ranges = [first, ...others].map(({ keys }) => ({ _id: keys }));
    const filter: Filter<BatchDocument> = { $or: ranges, goneAt: { $exists: false } };
    for await (const batch of this.#moment.find<BatchDocument>(EVENT_BATCHES, filter, { sort: { _id: 1 } })) {
      const id = [first, ...others].find(({ keys }) => batch._id >= keys.$gte && batch._id < keys.$lt)?.id;
      if (id !== undefined) found.set(id, [...(found.get(id) ?? []), batch]);
    }
    return found;
  }
}

function logFrom({ first, firstOffset }: StreamDocument, batches: readonly BatchDocument[]): InspectedLog {
  const events: StreamEvent[] = first === undefined ? [] : [parseEventLine(first.trimEnd(), firstOffset)];
  for (const batch of batches) events.push(...parseEventLines(batch.lines ?? '', firstOffsetOf(batch)));
  const lastOffset = batches.at(-1)?.lastOffset;
  return { events, ...(lastOffset === undefined ? {} : { lastOffset }) };
}

const chatSeen = ({ _id: id, owner, lastOffset, slot }: ChatDocument): Seen<InspectedChat> =>
  seenAs(`chats/${id}`, () => ({ id, owner, lastOffset, slot: slot ?? 'free' }));

const messageSeen = (document: MessageDocument): Seen<InspectedMessage> =>
  seenAs(`messages/${document.chatId}/${document.place}`, () => ({
    chatId: document.chatId,
    message: messageFrom(document),
  }));

const streamSeen = (document: StreamDocument): Seen<StreamingSessionState> =>
  seenAs(
    `streams/${document._id}`,
    () => sessionFrom(document),
    () => amissOf(document),
  );

const intentSeen = ({ _id, intent }: IntentDocument): Seen<SettlementIntent> =>
  seenAs(`settlement_intents/${_id}`, () => {
    if (typeof intent?.id !== 'string') throw new Error('it names no stream');
    return intent;
  });

function seenBy<Document, Value>(
  documents: ReadonlyMap<string, Document>,
  read: (document: Document) => Seen<Value>,
): Map<string, Seen<Value>> {
  return new Map([...documents].map(([key, document]) => [key, read(document)]));
}

/** What of a stream's marks does not go with the stream: it would not be found by them. */
function amissOf({ state, active, endedAtMs }: StreamDocument): string | undefined {
  const runs = state === 'opening' || state === 'running';
  if (runs !== (active === true)) return `it is ${state}, and ${runs ? 'not ' : ''}marked as active`;
  const kept = !runs && state !== 'expired';
  if (kept === (endedAtMs !== undefined)) return undefined;
  return `it is ${state}, and ${kept ? 'not ' : ''}marked for expiry`;
}
