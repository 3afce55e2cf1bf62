import { createHash } from 'node:crypto';
import { AgentEvent, type TakenEvent } from '../../src/domain/control/agent-event.ts';
import { mintAgentEventId, mintReviewId } from '../../src/domain/control/agent-event-id.ts';
import type { AgentEventState } from '../../src/domain/control/agent-event-state.ts';
import {
  type ControlPolicy,
  DEFAULT_POLICY,
  type PolicyMode,
} from '../../src/domain/control/control-policy.ts';
import { type Dispatch, dispatch } from '../../src/domain/control/dispatch.ts';
import type { MadCode } from '../../src/domain/control/mad-code.ts';
import type { SubscriberOwner } from '../../src/domain/multiplexing/subscriber-owner.ts';
import { T0 } from './ledger-builders.ts';

/** How long a person has, in milliseconds. */
export const REVIEW_MS = 3_600_000;

/** A policy of a mode, with what else holds from the start. */
export const policyIn = (mode: PolicyMode): ControlPolicy => ({ ...DEFAULT_POLICY, mode });

/** An owner of its own for each number. */
export const agent = (number: number): SubscriberOwner => `agent:agent-${number}`;

const secret = (number: number): string => String(number).padStart(22, '0');

/** An event's id of its own for each number; they sort as their numbers do. */
export const eventIdOf = (number: number) => mintAgentEventId(T0 + number, secret(number));
export const reviewIdOf = (number: number) => mintReviewId(T0 + number, secret(number));

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Facts of an event, beside those that it has unless told otherwise. */
export interface EventFacts extends Partial<Omit<TakenEvent, 'claims'>> {
  readonly claims?: Partial<TakenEvent['claims']>;
  /** The policy's mode, which decides how it begins: kept, due or waiting. */
  readonly mode?: PolicyMode;
  readonly mark?: string;
}

/** The event with this number, of the first owner's first session, due to its agent unless told otherwise. */
export function anAgentEvent(number: number, facts: EventFacts = {}): AgentEventState {
  const { claims, mode = 'block', mark = `taken-${number}`, ...taken } = facts;
  const bytes = taken.bytes ?? Buffer.from(`the bytes of event ${number}`);
  const event: TakenEvent = {
    owner: agent(1),
    sessionId: 'sess-1',
    profile: 'agent-1',
    origin: { node: 'node-1', connection: 'connection-1' },
    receivedAtMs: T0 + number,
    found: { kind: 'classified', code: 'M4.a' as MadCode, reason: 'Deletes everything' },
    rule: 'deletes-everything',
    ...taken,
    // Stores give back plain bytes, whatever they were given.
    bytes: Uint8Array.from(bytes),
    sha256: taken.sha256 ?? sha256Of(bytes),
    claims: {
      eventId: `event-${number}`,
      sessionId: 'sess-1',
      connectionId: '',
      runId: 'run-1',
      agentId: 'night-watch',
      source: 'sdk',
      pairType: 'llm',
      ...claims,
    },
  };
  const review = { id: reviewIdOf(number), deadlineMs: REVIEW_MS };
  const to = { nowMs: event.receivedAtMs, mark };
  return AgentEvent.take(eventIdOf(number), event, whatBecomes(event, mode), () => review, to).snapshot();
}

const whatBecomes = ({ found, claims }: TakenEvent, mode: PolicyMode): Dispatch =>
  dispatch(found, { pairType: claims.pairType, toolCalls: 1, source: claims.source }, policyIn(mode));

/** An event that asks a person. */
export const anAskingEvent = (number: number, facts: EventFacts = {}): AgentEventState =>
  anAgentEvent(number, { mode: 'hitl', ...facts });

/** What a person's decision makes of an event. */
export const resolvedEvent = (
  state: AgentEventState,
  decision: 'approved' | 'rejected' | 'expired' = 'approved',
  nowMs = state.receivedAtMs + 1_000,
): AgentEventState =>
  AgentEvent.restore(state)
    .resolve(
      { decision, by: 'user-1', comment: 'Seen.', policy: policyIn('hitl') },
      { nowMs, mark: `${state.mark} ${decision}` },
    )
    .snapshot();

/** An event whose connection has gone. */
export function orphanedEvent(state: AgentEventState): AgentEventState {
  const connection = state.origin?.connection ?? '';
  const orphaned = AgentEvent.restore(state).orphaned(connection, {
    nowMs: state.receivedAtMs,
    mark: `${state.mark} orphaned`,
  });
  if (orphaned === undefined) throw new Error('it has no connection');
  return orphaned.snapshot();
}
