import { hash } from 'node:crypto';
import {
  MAX_SERVERS_OF_A_SESSION,
  type McpInventories,
  type McpServerRecord,
} from '../../../../application/ports/control/mcp-inventories.ts';
import type { AgentRoute } from '../../../../domain/control/agent-event-state.ts';

/** Hexadecimal digits of each half of an id. */
const HALF_DIGITS = 32;
const half = (text: string): string => hash('sha256', text, 'hex').slice(0, HALF_DIGITS);

/** Inventories in one process's memory. */
export class MemoryMcpInventories implements McpInventories {
  readonly #servers = new Map<string, McpServerRecord>();

  async replace(
    { owner, sessionId }: AgentRoute,
    servers: ReadonlyArray<Pick<McpServerRecord, 'name' | 'transport' | 'endpoint'>>,
    nowMs: number,
  ): Promise<void> {
    const route = half(JSON.stringify([owner, sessionId]));
    const before = new Map([...this.#servers].filter(([id]) => id.startsWith(route)));
    if ([...before.values()].some(({ lastSeenAtMs }) => lastSeenAtMs > nowMs)) return;
    for (const id of before.keys()) this.#servers.delete(id);
    for (const { name, transport, endpoint } of servers.slice(0, MAX_SERVERS_OF_A_SESSION)) {
      const id = `${route}${half(name)}`;
      const firstSeenAtMs = before.get(id)?.firstSeenAtMs ?? nowMs;
      const record = { id, owner, sessionId, name, transport, endpoint, firstSeenAtMs, lastSeenAtMs: nowMs };
      this.#servers.set(id, record);
    }
  }

  async list(page: { readonly after?: string; readonly limit: number }): Promise<readonly McpServerRecord[]> {
    const { after, limit } = page;
    return [...this.#servers.values()]
      .filter(({ id }) => after === undefined || id > after)
      .sort((left, right) => (left.id < right.id ? -1 : 1))
      .slice(0, limit);
  }

  async forget(seenBeforeMs: number, limit: number): Promise<number> {
    const old = [...this.#servers.values()].filter(({ lastSeenAtMs }) => lastSeenAtMs < seenBeforeMs);
    for (const { id } of old.slice(0, limit)) this.#servers.delete(id);
    return Math.min(old.length, limit);
  }
}
