import { hash } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import type { EventIdentity } from '../../../../application/ports/control/agent-event-store.ts';
import type {
  AgentEventId,
  AgentEventState,
  Delivery,
  EventClaims,
  EventOrigin,
  ReviewState,
} from '../../../../domain/control/agent-event-state.ts';
import type { Classification, VerdictContent } from '../../../../domain/control/dispatch.ts';
import type { MadCode } from '../../../../domain/control/mad-code.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';

/** Events of one millisecond that can be told apart: more than a machine takes. */
export const EVENTS_OF_A_MILLISECOND = 2_048;
/** Hexadecimal digits of a name's number, which is a safe integer of six bytes. */
const KEY_DIGITS = 12;
/** Where the time stands in an event's id. */
const TIME_OF_ID = [4, 18] as const;

/** A row as node:sqlite gives it. */
export type EventRow = Readonly<Record<string, unknown>>;

/** The first row of a moment; those of its events follow it. */
export const seqAt = (atMs: number): number => atMs * EVENTS_OF_A_MILLISECOND;

/** The first row that an event of this id can have. */
export const firstSeqOf = (id: AgentEventId): number => seqAt(Number(id.slice(...TIME_OF_ID)));

/** The number under which a name is looked up. */
export const keyOf = (text: string): number =>
  Number.parseInt(hash('sha256', text, 'hex').slice(0, KEY_DIGITS), 16);

/** The numbers under which an event is looked up; whoever finds a row by them compares what they were made of. */
export function keysOf({ owner, eventId, sha256 }: EventIdentity): {
  readonly event: number;
  readonly owner: number;
  readonly bytes: number;
} {
  return {
    event: keyOf(eventId),
    owner: keyOf(owner),
    bytes: Number.parseInt(sha256.slice(0, KEY_DIGITS), 16),
  };
}

/** The columns that never change, in the order of `fixedValues`; `seq` comes before them. */
export const FIXED_COLUMNS = [
  'id',
  'owner',
  'session_id',
  'event_id',
  'event_key',
  'owner_key',
  'bytes_key',
  'sha256',
  'received_at_ms',
  'said_session_id',
  'connection_id',
  'run_id',
  'agent_id',
  'source',
  'pair_type',
  'profile',
  'code',
  'reason',
  'rule',
] as const;

/** The columns that a change of state writes, in the order of `changingValues`. */
export const CHANGING_COLUMNS = [
  'mark',
  'delivery',
  'due_since_ms',
  'node',
  'connection',
  'verdict',
  'review_id',
  'review_status',
  'review_deadline_ms',
  'review',
] as const;

/** The values of an event's fixed columns; the hash is in hexadecimal, which the statement turns into bytes. */
export function fixedValues(state: AgentEventState): SQLInputValue[] {
  const { id, owner, sessionId, sha256, receivedAtMs, claims, profile, found, rule } = state;
  const keys = keysOf({ owner, sha256, eventId: claims.eventId });
  return [
    id,
    owner,
    sessionId,
    claims.eventId,
    keys.event,
    keys.owner,
    keys.bytes,
    sha256,
    receivedAtMs,
    claims.sessionId,
    claims.connectionId,
    claims.runId,
    claims.agentId,
    claims.source,
    claims.pairType,
    profile ?? null,
    found.kind === 'classified' ? found.code : '',
    found.reason,
    rule ?? null,
  ];
}

export function changingValues({
  mark,
  delivery,
  dueSinceMs,
  origin,
  verdict,
  review,
}: AgentEventState): SQLInputValue[] {
  return [
    mark,
    delivery,
    dueSinceMs ?? null,
    origin?.node ?? null,
    origin?.connection ?? null,
    JSON.stringify(verdict),
    review?.id ?? null,
    review?.status ?? null,
    review?.deadlineAtMs ?? null,
    review === undefined ? null : JSON.stringify(review),
  ];
}

/** Reads a row of events that was joined with its bytes. */
export function stateFrom(row: EventRow): AgentEventState {
  return {
    id: row.id as AgentEventId,
    mark: row.mark as string,
    owner: row.owner as SubscriberOwner,
    sessionId: row.session_id as string,
    sha256: Buffer.from(row.sha256 as Uint8Array).toString('hex'),
    bytes: row.bytes as Uint8Array,
    claims: claimsFrom(row),
    receivedAtMs: row.received_at_ms as number,
    found: foundFrom(row),
    verdict: JSON.parse(row.verdict as string) as VerdictContent,
    delivery: row.delivery as Delivery,
    ...(row.profile === null ? {} : { profile: row.profile as string }),
    ...(row.rule === null ? {} : { rule: row.rule as string }),
    ...(row.due_since_ms === null ? {} : { dueSinceMs: row.due_since_ms as number }),
    ...(row.connection === null
      ? {}
      : { origin: { node: row.node, connection: row.connection } as EventOrigin }),
    ...(row.review === null ? {} : { review: JSON.parse(row.review as string) as ReviewState }),
  };
}

const foundFrom = ({ code, reason }: EventRow): Classification =>
  code === ''
    ? { kind: 'error', reason: reason as string }
    : { kind: 'classified', code: code as MadCode, reason: reason as string };

const claimsFrom = (row: EventRow): EventClaims => ({
  eventId: row.event_id as string,
  sessionId: row.said_session_id as string,
  connectionId: row.connection_id as string,
  runId: row.run_id as string,
  agentId: row.agent_id as string,
  source: row.source as string,
  pairType: row.pair_type as EventClaims['pairType'],
});

/** What of a row's own notes does not go with its event: it would not be found by them, or is not what came. */
export function amissOf(row: EventRow): string | undefined {
  const state = stateFrom(row);
  const { claims, sha256, owner, review, id } = state;
  if (hash('sha256', state.bytes, 'hex') !== sha256) return 'its bytes have another SHA-256';
  const keys = keysOf({ owner, sha256, eventId: claims.eventId });
  if (row.event_key !== keys.event || row.owner_key !== keys.owner || row.bytes_key !== keys.bytes) {
    return 'it is kept under the numbers of another';
  }
  const first = firstSeqOf(id);
  if ((row.seq as number) < first || (row.seq as number) >= first + EVENTS_OF_A_MILLISECOND) {
    return 'it is kept at another time than that in its id';
  }
  const isNoted =
    row.review_id === (review?.id ?? null) &&
    row.review_status === (review?.status ?? null) &&
    row.review_deadline_ms === (review?.deadlineAtMs ?? null);
  return isNoted ? undefined : `its review is ${review?.status ?? 'none'} and noted as ${row.review_status}`;
}
