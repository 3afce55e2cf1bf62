import type { ClientSession, Document, Filter, FindOptions } from 'mongodb';
import type { Page, Seen } from '../../../../application/ports/store-inspection.ts';
import type { MongoStore } from '../mongo-store.ts';

/** Documents that are fetched at once. */
const DOCUMENTS_AT_ONCE = 500;

/** One look at the collections of a store: all its reads are in one session. */
export class Moment {
  readonly #store: MongoStore;
  readonly #session: ClientSession;

  constructor(store: MongoStore, session: ClientSession) {
    this.#store = store;
    this.#session = session;
  }

  /** Documents as they come. */
  find<Schema extends Document>(
    collection: string,
    filter: Filter<Schema>,
    options: FindOptions = {},
  ): AsyncIterable<Schema> {
    const session = this.#session;
    return this.#store
      .atOneMoment<Schema>(collection)
      .find(filter, { batchSize: DOCUMENTS_AT_ONCE, ...options, session }) as AsyncIterable<Schema>;
  }

  /** The documents of these keys, by their keys. */
  async ofKeys<Schema extends Document & { readonly _id: string }>(
    collection: string,
    keys: Iterable<string>,
    projection?: Document,
  ): Promise<Map<string, Schema>> {
    const asked = [...new Set(keys)];
    const found = new Map<string, Schema>();
    if (asked.length === 0) return found;
    const filter = { _id: { $in: asked } } as unknown as Filter<Schema>;
    const options = projection === undefined ? {} : { projection };
    for await (const document of this.find<Schema>(collection, filter, options)) {
      found.set(document._id, document);
    }
    return found;
  }
}

/** Gathers what comes into lists of so many. */
export async function* inLists<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let list: Item[] = [];
  for await (const item of items) {
    list.push(item);
    if (list.length < size) continue;
    yield list;
    list = [];
  }
  if (list.length > 0) yield list;
}

/** The documents of a collection, page by page. */
export async function* pagesOf<Document, Value>(
  documents: AsyncIterable<Document>,
  read: (document: Document) => Seen<Value>,
): AsyncGenerator<Page<Value>> {
  for await (const list of inLists(documents, DOCUMENTS_AT_ONCE)) yield list.map(read);
}

/** A row, or why it cannot be read back: nothing is sure about what lies in a document. */
export function seenAs<Value>(
  row: string,
  read: () => Value,
  amissOf: (value: Value) => string | undefined = () => undefined,
): Seen<Value> {
  try {
    const value = read();
    const amiss = amissOf(value);
    return amiss === undefined ? { row, value } : { row, value, amiss };
  } catch (error) {
    return { row, unreadable: error instanceof Error ? error.message : String(error) };
  }
}
