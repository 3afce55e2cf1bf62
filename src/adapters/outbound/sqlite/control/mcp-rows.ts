import type { StoredInventory } from '../../../../application/ports/control/mcp-inventories.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { EventRow } from './agent-event-rows.ts';

/** Reads a row of inventories. */
export const inventoryFrom = (row: EventRow): StoredInventory => ({
  id: row.id as string,
  owner: row.owner as SubscriberOwner,
  sessionId: row.session_id as string,
  lastSeenAtMs: row.last_seen_at_ms as number,
  servers: JSON.parse(row.servers as string) as StoredInventory['servers'],
});
