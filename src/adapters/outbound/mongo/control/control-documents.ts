import { hash } from 'node:crypto';
import { Binary, type ObjectId } from 'mongodb';
import type { EventIdentity } from '../../../../application/ports/control/agent-event-store.ts';
import type { StoredInventory } from '../../../../application/ports/control/mcp-inventories.ts';
import type { AgentEventState } from '../../../../domain/control/agent-event-state.ts';
import type { ControlPolicy } from '../../../../domain/control/control-policy.ts';
import type { PolicyBook } from '../../../../domain/control/policy-book.ts';

/** The collections of agents' events, of the policy, and of inventories. */
export const AGENT_EVENTS = 'agent_events';
export const POLICY_BOOKS = 'policy_books';
export const MCP_INVENTORIES = 'mcp_inventories';
/** The one book. */
export const POLICY = 'policy';

/** An event as it is stored, under what makes it the same event: of those that race to store it one does. */
export interface AgentEventDocument extends Omit<AgentEventState, 'bytes'> {
  readonly _id: string;
  readonly bytes: Binary;
  /** The call that stored it, which finds it as its own when it has to be repeated. */
  readonly write: ObjectId;
  /** There while it is due, or waits for a person. */
  readonly isOpen?: true;
}

/** The policy as it is stored. Agents' names are no keys, since they may be anything. */
export interface PolicyDocument {
  readonly _id: typeof POLICY;
  readonly version: number;
  readonly policy: ControlPolicy;
  readonly overrides: ReadonlyArray<{ readonly agentId: string; readonly policy: ControlPolicy }>;
  /** The write that it is of. */
  readonly mark: ObjectId;
}

/** An inventory as it is stored. */
export interface InventoryDocument extends Omit<StoredInventory, 'id'> {
  readonly _id: string;
  /** The write that it is of. */
  readonly mark: ObjectId;
}

/** What an event is stored under. */
export const eventKey = ({ owner, eventId, sha256 }: EventIdentity): string =>
  hash('sha256', JSON.stringify([owner, eventId, sha256]), 'hex');

/** What a state is stored under. */
export const keyOfState = ({ owner, claims, sha256 }: AgentEventState): string =>
  eventKey({ owner, eventId: claims.eventId, sha256 });

const isOpen = ({ delivery }: AgentEventState): boolean => delivery === 'due' || delivery === 'waiting';

export const eventDocument = (state: AgentEventState, write: ObjectId): AgentEventDocument => ({
  _id: keyOfState(state),
  ...state,
  bytes: new Binary(state.bytes),
  write,
  ...(isOpen(state) ? { isOpen: true } : {}),
});

/** What a change of state writes, and what it takes away. */
export function changeTo(state: AgentEventState): {
  readonly $set: Partial<AgentEventDocument>;
  readonly $unset: Readonly<Record<string, ''>>;
} {
  const { mark, delivery, verdict } = state;
  const perhaps = {
    dueSinceMs: state.dueSinceMs,
    origin: state.origin,
    review: state.review,
    isOpen: isOpen(state) ? (true as const) : undefined,
  };
  const entries = Object.entries(perhaps);
  return {
    $set: {
      mark,
      delivery,
      verdict,
      ...Object.fromEntries(entries.filter(([, value]) => value !== undefined)),
    },
    $unset: Object.fromEntries(
      entries.filter(([, value]) => value === undefined).map(([name]) => [name, '' as const]),
    ),
  };
}

export const stateFrom = ({
  _id,
  bytes,
  write: _write,
  isOpen: _isOpen,
  ...state
}: AgentEventDocument): AgentEventState => ({
  ...state,
  bytes: new Uint8Array(bytes.value()),
});

export const policyDocument = (
  { version, policy, overrides }: PolicyBook,
  mark: ObjectId,
): PolicyDocument => ({
  _id: POLICY,
  version,
  policy,
  overrides: Object.entries(overrides).map(([agentId, own]) => ({ agentId, policy: own })),
  mark,
});

export const bookFrom = ({ version, policy, overrides }: PolicyDocument): PolicyBook => ({
  version,
  policy,
  overrides: Object.fromEntries(overrides.map(({ agentId, policy: own }) => [agentId, own])),
});

export const inventoryDocument = (
  { id, ...inventory }: StoredInventory,
  mark: ObjectId,
): InventoryDocument => ({ _id: id, ...inventory, mark });
