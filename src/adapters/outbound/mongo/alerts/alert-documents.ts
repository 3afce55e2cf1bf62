import type { Alert, AlertId } from '../../../../domain/alerts/alert.ts';
import type { IndexSpec } from '../index-spec.ts';

/** The collection of alerts, and the one of the document at which all that raise them meet. */
export const ALERTS = 'alerts';
export const ALERT_HEADS = 'alert_heads';
/** Most marks of writes that an alert remembers: as many may be in doubt about it at once. */
export const MAX_MARKS = 16;
/** That document. */
export const HEAD = 'head';

/** An alert as it is stored, under its id. */
export interface AlertDocument extends Omit<Alert, 'id'> {
  readonly _id: AlertId;
  /** The writes that were the last to change it, for one that does not know what became of it. */
  readonly marks: readonly string[];
}

/** The last place that was given. */
export interface AlertHead {
  readonly _id: typeof HEAD;
  readonly seq: number;
}

/** Collections that have no index of their own. */
export const UNINDEXED_ALERTS: readonly string[] = [ALERT_HEADS];

export const ALERT_INDEXES: readonly IndexSpec[] = [
  { collection: ALERTS, name: 'order', key: { seq: 1 } },
  { collection: ALERTS, name: 'open', key: { principal: 1, kind: 1, untilMs: 1 } },
];

export const alertDocument = ({ id, ...alert }: Alert, marks: readonly string[]): AlertDocument => ({
  _id: id,
  ...alert,
  marks,
});

export const alertFrom = ({ _id: id, marks: _marks, ...alert }: AlertDocument): Alert => ({ id, ...alert });
