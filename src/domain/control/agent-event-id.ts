import { DomainError } from '../domain-error.ts';
import { invariant } from '../invariant.ts';
import type { AgentEventId, ReviewId } from './agent-event-state.ts';

/** Digits of the time in an id: enough for the next two thousand years, so that ids sort as times do. */
const TIME_DIGITS = 14;
/** Random bits of an id. */
export const EVENT_ID_BITS = 128;
const SECRET = /^[A-Za-z0-9_-]{22}$/;
const EVENT_ID = /^evt-[0-9]{14}-[A-Za-z0-9_-]{22}$/;
const REVIEW_ID = /^rev-[0-9]{14}-[A-Za-z0-9_-]{22}$/;

function named(prefix: string, nowMs: number, secret: string): string {
  invariant(Number.isSafeInteger(nowMs) && nowMs > 0, `not a time in milliseconds: ${nowMs}`);
  invariant(SECRET.test(secret), `an id needs ${EVENT_ID_BITS} random bits`);
  return `${prefix}-${String(nowMs).padStart(TIME_DIGITS, '0')}-${secret}`;
}

/** Names an event that was taken. @throws InvariantViolation when time or secret are not of their form. */
export const mintAgentEventId = (nowMs: number, secret: string): AgentEventId =>
  named('evt', nowMs, secret) as AgentEventId;

/** Names a question to a person. @throws InvariantViolation when time or secret are not of their form. */
export const mintReviewId = (nowMs: number, secret: string): ReviewId =>
  named('rev', nowMs, secret) as ReviewId;

/** What all ids of events that come at a time or later sort after, and no earlier one. */
export const earliestEventId = (atMs: number): AgentEventId =>
  `evt-${String(Math.max(0, atMs)).padStart(TIME_DIGITS, '0')}-` as AgentEventId;

export const isAgentEventId = (text: string): text is AgentEventId => EVENT_ID.test(text);
export const isReviewId = (text: string): text is ReviewId => REVIEW_ID.test(text);

/** @throws DomainError `request.invalid` when a cursor is no event's id. */
export function eventCursor(text: string): AgentEventId {
  if (!isAgentEventId(text)) throw new DomainError('request.invalid', 'The cursor is none of this list');
  return text;
}
