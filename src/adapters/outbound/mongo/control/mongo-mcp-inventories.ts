import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Collection, ObjectId } from 'mongodb';
import {
  MAX_SERVERS_OF_A_SESSION,
  type McpInventories,
  type McpServerRecord,
  type StoredInventory,
} from '../../../../application/ports/control/mcp-inventories.ts';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { AgentRoute } from '../../../../domain/control/agent-event-state.ts';
import { decideWrite } from '../decide.ts';
import type { MongoStore } from '../mongo-store.ts';
import { type InventoryDocument, inventoryDocument, MCP_INVENTORIES } from './control-documents.ts';

/** Hexadecimal digits of each half of an id. */
const HALF_DIGITS = 32;
const half = (text: string): string => hash('sha256', text, 'hex').slice(0, HALF_DIGITS);
/** How often an inventory is put in the place of one that changes each time, and the longest rest between, in milliseconds. */
const ATTEMPTS = 100;
const MAX_REST_MS = 50;

type Said = Pick<McpServerRecord, 'name' | 'transport' | 'endpoint'>;

/** Inventories in MongoDB, those of a session in one document, which is replaced if it is still the one that was read. */
export class MongoMcpInventories implements McpInventories {
  readonly #store: MongoStore;
  readonly #inventories: Collection<InventoryDocument>;

  constructor(store: MongoStore) {
    this.#store = store;
    this.#inventories = store.collection<InventoryDocument>(MCP_INVENTORIES);
  }

  async replace({ owner, sessionId }: AgentRoute, servers: readonly Said[], nowMs: number): Promise<void> {
    const _id = half(JSON.stringify([owner, sessionId]));
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const found = await this.#store.read(() => this.#inventories.findOne({ _id }));
      if (found !== null && found.lastSeenAtMs > nowMs) return;
      const kept = keptOf(_id, servers, found?.servers ?? [], nowMs);
      const next = inventoryDocument(
        { id: _id, owner, sessionId, lastSeenAtMs: nowMs, servers: kept },
        new ObjectId(),
      );
      if (await this.#put(next, found?.mark)) return;
      await pause(Math.min(MAX_REST_MS, attempt));
    }
    throw new PortError('unavailable', 'store', 'an inventory changes each time before it is written');
  }

  async list(page: { readonly after?: string; readonly limit: number }): Promise<readonly McpServerRecord[]> {
    const { after = '', limit } = page;
    if (limit === 0) return [];
    // One more than are asked for: all servers of the first may have been on the page before.
    const found = this.#inventories
      .find({ _id: { $gte: after.slice(0, HALF_DIGITS) } })
      .sort({ _id: 1 })
      .limit(limit + 1);
    return (await this.#store.read(() => found.toArray()))
      .flatMap(({ owner, sessionId, lastSeenAtMs, servers }) =>
        servers.map((server): McpServerRecord => ({ ...server, owner, sessionId, lastSeenAtMs })),
      )
      .filter(({ id }) => id > after)
      .slice(0, limit);
  }

  async forget(seenBeforeMs: number, limit: number): Promise<number> {
    if (limit === 0) return 0;
    const old = this.#inventories
      .find({ lastSeenAtMs: { $lt: seenBeforeMs } })
      .sort({ lastSeenAtMs: 1 })
      .limit(limit);
    let left = limit;
    for (const document of await this.#store.read(() => old.toArray())) {
      if (left === 0) break;
      const servers = document.servers.slice(left);
      const next = { ...document, servers, mark: new ObjectId() };
      if (await this.#put(next, document.mark)) left -= document.servers.length - servers.length;
    }
    return limit - left;
  }

  /** Stores an inventory in the place of the one with this mark, or of none; one without servers is removed. */
  #put({ _id, ...fields }: InventoryDocument, mark: ObjectId | undefined): Promise<boolean> {
    const isRemoval = fields.servers.length === 0;
    if (isRemoval && mark === undefined) return Promise.resolve(true);
    return decideWrite<boolean>(this.#store, {
      attempt: async () => {
        if (isRemoval)
          return (await this.#inventories.deleteOne({ _id, mark: mark as ObjectId })).deletedCount === 1;
        if (mark !== undefined)
          return (await this.#inventories.replaceOne({ _id, mark }, fields)).matchedCount === 1;
        await this.#inventories.insertOne({ _id, ...fields });
        return true;
      },
      known: async () => {
        const found = await this.#inventories.findOne({ _id }, { projection: { mark: 1 } });
        if (found === null) return isRemoval ? true : mark === undefined ? undefined : false;
        if (found.mark.equals(fields.mark)) return true;
        return mark !== undefined && found.mark.equals(mark) ? undefined : false;
      },
    });
  }
}

function keptOf(
  route: string,
  said: readonly Said[],
  before: StoredInventory['servers'],
  nowMs: number,
): StoredInventory['servers'] {
  const firstSeen = new Map(before.map(({ id, firstSeenAtMs }) => [id, firstSeenAtMs]));
  const servers = new Map(
    said.slice(0, MAX_SERVERS_OF_A_SESSION).map(({ name, transport, endpoint }) => {
      const id = `${route}${half(name)}`;
      return [id, { id, name, transport, endpoint, firstSeenAtMs: firstSeen.get(id) ?? nowMs }];
    }),
  );
  return [...servers.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
}
