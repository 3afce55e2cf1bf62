import type { AgentRoute } from '../../../domain/control/agent-event-state.ts';

/** Most servers of one session that are kept; a client that names more is cut there. */
export const MAX_SERVERS_OF_A_SESSION = 256;

/** An MCP server that an agent has said it has. Texts are the client's. */
export interface McpServerRecord extends AgentRoute {
  /**
   * Sorts all records, those of one session together: 32 hexadecimal digits of the SHA-256 of `[owner, sessionId]` as
   * JSON, and 32 of that of the name.
   */
  readonly id: string;
  readonly name: string;
  readonly transport: string;
  readonly endpoint: string;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
}

/**
 * Keeps which MCP servers agents have. Each inventory of a session takes the place of the one before, whole; a server that
 * was there keeps the time at which it was first seen. Of a name that is said twice the last is kept. One that was said
 * before the one that is kept, by a node that was paused before it wrote, changes nothing.
 *
 * @throws PortError `unavailable` when nothing was written, `timeout` when that is unknown; saying it again is harmless.
 */
export interface McpInventories {
  replace(
    route: AgentRoute,
    servers: ReadonlyArray<Pick<McpServerRecord, 'name' | 'transport' | 'endpoint'>>,
    nowMs: number,
  ): Promise<void>;
  /** By id. */
  list(page: { readonly after?: string; readonly limit: number }): Promise<readonly McpServerRecord[]>;
  /** Removes at most `limit` that were last seen before then. @returns how many. */
  forget(seenBeforeMs: number, limit: number): Promise<number>;
}

/** The servers of one session as stores keep them together, by id; there is at least one. */
export interface StoredInventory extends AgentRoute {
  /** What the ids of its servers begin with. */
  readonly id: string;
  readonly lastSeenAtMs: number;
  readonly servers: ReadonlyArray<
    Pick<McpServerRecord, 'id' | 'name' | 'transport' | 'endpoint' | 'firstSeenAtMs'>
  >;
}
