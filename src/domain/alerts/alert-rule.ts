import type { AlertKind } from './alert.ts';

/** How often one principal may do something within a window before it is an alert. */
export interface AlertRule {
  /** The count with which it becomes one; 1 alerts to each. */
  readonly threshold: number;
  /** How long a window is open from what was first noticed on, in milliseconds. */
  readonly windowMs: number;
}

/** The rule of each kind. */
export type AlertRules = Readonly<Record<AlertKind, AlertRule>>;

const MINUTE_MS = 60_000;

/** The rules unless told otherwise. */
export const ALERT_RULES: AlertRules = {
  'breaches.repeated': { threshold: 20, windowMs: 10 * MINUTE_MS },
  'takeover.refused': { threshold: 1, windowMs: 10 * MINUTE_MS },
  'handles.unknown': { threshold: 100, windowMs: MINUTE_MS },
  'ids.mismatched': { threshold: 10, windowMs: 10 * MINUTE_MS },
  'claims.refused': { threshold: 1, windowMs: 10 * MINUTE_MS },
  'resume.new_address': { threshold: 1, windowMs: 60 * MINUTE_MS },
};
