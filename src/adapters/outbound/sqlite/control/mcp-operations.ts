import type {
  McpServerRecord,
  StoredInventory,
} from '../../../../application/ports/control/mcp-inventories.ts';
import type { WriterDatabase } from '../operation.ts';
import { inventoryFrom } from './mcp-rows.ts';

export interface ReplaceInventoryInput extends Omit<StoredInventory, 'servers'> {
  readonly servers: ReadonlyArray<Pick<McpServerRecord, 'id' | 'name' | 'transport' | 'endpoint'>>;
}
export interface ForgetServersInput {
  readonly seenBeforeMs: number;
  readonly limit: number;
}

/** The writes of inventories, by name. */
export const MCP_OPERATIONS = {
  'control.replace-inventory': replaceInventory,
  'control.forget-servers': forgetServers,
};

function replaceInventory(
  db: WriterDatabase,
  { id, owner, sessionId, lastSeenAtMs, servers }: ReplaceInventoryInput,
): void {
  const row = db.prepare('SELECT * FROM mcp_inventories WHERE id = ?').get(id);
  const present = row === undefined ? undefined : inventoryFrom(row);
  if (present !== undefined && present.lastSeenAtMs > lastSeenAtMs) return;
  if (servers.length === 0) {
    remove(db, id);
    return;
  }
  const before = present?.servers ?? [];
  const firstSeen = new Map(before.map((server) => [server.id, server.firstSeenAtMs]));
  const kept = servers.map((server) => ({
    ...server,
    firstSeenAtMs: firstSeen.get(server.id) ?? lastSeenAtMs,
  }));
  db.prepare('INSERT OR REPLACE INTO mcp_inventories VALUES (?, ?, ?, ?, ?)').run(
    id,
    owner,
    sessionId,
    lastSeenAtMs,
    JSON.stringify(kept),
  );
}

/** Takes the servers that were seen longest ago; where only some of a session's go, the others stay. */
function forgetServers(db: WriterDatabase, { seenBeforeMs, limit }: ForgetServersInput): number {
  const old = db
    .prepare('SELECT * FROM mcp_inventories WHERE last_seen_at_ms < ? ORDER BY last_seen_at_ms LIMIT ?')
    .all(seenBeforeMs, limit);
  let left = limit;
  for (const { id, servers } of old.map(inventoryFrom)) {
    if (left === 0) break;
    const rest = servers.slice(left);
    if (rest.length === 0) remove(db, id);
    else {
      db.prepare('UPDATE mcp_inventories SET servers = ? WHERE id = ?').run(JSON.stringify(rest), id);
    }
    left -= servers.length - rest.length;
  }
  return limit - left;
}

function remove(db: WriterDatabase, id: string): void {
  db.prepare('DELETE FROM mcp_inventories WHERE id = ?').run(id);
}
