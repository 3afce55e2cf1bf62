import type { Alert, AlertId } from '../../../../domain/alerts/alert.ts';
import type { IndexSpec } from '../index-spec.ts';

/** The collection of alerts, and the one of the document at which all that raise them meet. */
export const ALERTS = 'alerts';
export const ALERT_HEADS = 'alert_heads';
/** That document. */
export const HEAD = 'head';

/** An alert as it is stored, under its id. */
export interface AlertDocument extends Omit<Alert, 'id'> {
  readonly _id: AlertId;
  /** The write that it is of: what became of one is found out by this. */
  readonly mark: string;
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

export const alertDocument = ({ id, ...alert }: Alert, mark: string): AlertDocument => ({
  _id: id,
  ...alert,
  mark,
});

export const alertFrom = ({ _id: id, mark: _mark, ...alert }: AlertDocument): Alert => ({ id, ...alert });
