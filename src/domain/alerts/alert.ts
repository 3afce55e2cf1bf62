import type { SubscriberOwner } from '../multiplexing/subscriber-owner.ts';

/** What an operator is alerted to. */
export type AlertKind =
  /** Limits of multiplexed sessions that one principal ran into again and again. */
  | 'breaches.repeated'
  /** Sessions that are somebody else's, or that need another token, were asked for. */
  | 'takeover.refused'
  /** Frames for sessions that their connection does not have came in bursts. */
  | 'handles.unknown'
  /** An agent's events named other ids than its login again and again. */
  | 'ids.mismatched'
  /** A session route was asked for that another agent owns. */
  | 'claims.refused'
  /** A session was taken back from another network than the last time. */
  | 'resume.new_address';

/** All of them. */
export const ALERT_KINDS = [
  'breaches.repeated',
  'takeover.refused',
  'handles.unknown',
  'ids.mismatched',
  'claims.refused',
  'resume.new_address',
] as const satisfies readonly AlertKind[];

/** Names an alert: a UUID in lower case. */
export type AlertId = string & { readonly __alert: never };

/** Longest detail that is kept, in UTF-16 units; what is longer is cut, and ends with `…`. */
export const MAX_DETAIL_UNITS = 300;

/** What one principal did that an operator wants to know, as often as it was noticed while its window was open. */
export interface Alert {
  readonly id: AlertId;
  /** Its place among all: it rises with each alert, and an alert that is counted on gets a new one. */
  readonly seq: number;
  readonly kind: AlertKind;
  readonly principal: SubscriberOwner;
  /** When it was raised, in unix milliseconds. */
  readonly atMs: number;
  /** Until when more of the same is counted into it, in unix milliseconds. */
  readonly untilMs: number;
  readonly count: number;
  /** What was noticed last, for people to read. Holds no secret and no text of a user or model. */
  readonly detail: string;
}

/** What is to become an alert, or to be counted into one whose window is open. */
export interface AlertRaise {
  /** The id of the alert, if it becomes one of its own. */
  readonly id: AlertId;
  readonly kind: AlertKind;
  readonly principal: SubscriberOwner;
  readonly atMs: number;
  /** How long its window is, if it becomes an alert of its own, in milliseconds. */
  readonly windowMs: number;
  readonly count: number;
  readonly detail: string;
}

/** A new alert. */
export const alertOf = ({ windowMs, count, detail, ...raise }: AlertRaise, seq: number): Alert => ({
  ...raise,
  seq,
  untilMs: raise.atMs + windowMs,
  count,
  detail: boundedDetail(detail),
});

/** Whether what is raised is counted into an alert, and not one of its own. */
export const isOpenFor = (alert: Alert, { kind, principal, atMs }: AlertRaise): boolean =>
  alert.kind === kind && alert.principal === principal && atMs < alert.untilMs;

/** The alert with what was raised counted in. */
export const countedOn = (alert: Alert, { count, detail }: AlertRaise, seq: number): Alert => ({
  ...alert,
  seq,
  count: alert.count + count,
  detail: boundedDetail(detail),
});

const boundedDetail = (detail: string): string =>
  detail.length <= MAX_DETAIL_UNITS ? detail : `${detail.slice(0, MAX_DETAIL_UNITS - 1)}…`;
