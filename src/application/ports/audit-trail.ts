/** One security-relevant act. Never holds a secret, an expected id, or text of a user or model. */
export interface AuditRecord {
  /** What happened, in the form `<object>.<act>`, such as `stream.id_refused`. */
  readonly act: string;
  readonly outcome: 'done' | 'refused';
  /** A user id, `service`, `system`, or undefined when nobody was recognised. */
  readonly actor?: string;
  /** The id of what it was done to. */
  readonly object?: string;
  readonly requestId?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** Where security-relevant acts are recorded. */
export interface AuditTrail {
  /** Records one act; never throws. */
  record(record: AuditRecord): void;
}
