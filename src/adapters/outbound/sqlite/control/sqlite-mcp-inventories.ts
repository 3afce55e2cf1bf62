import { hash } from 'node:crypto';
import {
  MAX_SERVERS_OF_A_SESSION,
  type McpInventories,
  type McpServerRecord,
} from '../../../../application/ports/control/mcp-inventories.ts';
import type { AgentRoute } from '../../../../domain/control/agent-event-state.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { ForgetServersInput, ReplaceInventoryInput } from './mcp-operations.ts';
import { inventoryFrom } from './mcp-rows.ts';

/** Hexadecimal digits of each half of an id. */
const HALF_DIGITS = 32;
const half = (text: string): string => hash('sha256', text, 'hex').slice(0, HALF_DIGITS);

/** Inventories in the embedded store, those of a session in one row. */
export class SqliteMcpInventories implements McpInventories {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  async replace(
    { owner, sessionId }: AgentRoute,
    servers: ReadonlyArray<Pick<McpServerRecord, 'name' | 'transport' | 'endpoint'>>,
    nowMs: number,
  ): Promise<void> {
    const id = half(JSON.stringify([owner, sessionId]));
    const named = servers
      .slice(0, MAX_SERVERS_OF_A_SESSION)
      .map(({ name, transport, endpoint }) => ({ id: `${id}${half(name)}`, name, transport, endpoint }));
    const kept = [...new Map(named.map((server) => [server.id, server])).values()];
    kept.sort((left, right) => (left.id < right.id ? -1 : 1));
    const input: ReplaceInventoryInput = { id, owner, sessionId, lastSeenAtMs: nowMs, servers: kept };
    await this.#store.write('control.replace-inventory', input, 'normal');
  }

  async list(page: { readonly after?: string; readonly limit: number }): Promise<readonly McpServerRecord[]> {
    const { after = '', limit } = page;
    // One more than are asked for: all servers of the first may have been on the page before.
    const rows = await this.#store.read((db) =>
      db
        .prepare('SELECT * FROM mcp_inventories WHERE id >= ? ORDER BY id LIMIT ?')
        .all(after.slice(0, HALF_DIGITS), limit + 1),
    );
    return rows
      .map(inventoryFrom)
      .flatMap(({ owner, sessionId, lastSeenAtMs, servers }) =>
        servers.map((server): McpServerRecord => ({ ...server, owner, sessionId, lastSeenAtMs })),
      )
      .filter(({ id }) => id > after)
      .slice(0, limit);
  }

  forget(seenBeforeMs: number, limit: number): Promise<number> {
    const input: ForgetServersInput = { seenBeforeMs, limit };
    return this.#store.write('control.forget-servers', input, 'normal');
  }
}
