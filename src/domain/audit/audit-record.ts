import type { ApiKeyId, UserId } from '../identity/ids.ts';

/**
 * Who acted: a person by his id, a program by its API key, another service, the server or its operator, or a caller
 * whom nobody recognised by the network of his connection.
 */
export type AuditActor = UserId | `key:${ApiKeyId}` | `address:${string}` | 'service' | 'system';

/** One security-relevant act. Never holds a secret, an expected id, or text of a user or model. */
export interface AuditRecord {
  /** What happened, in the form `<object>.<act>`, such as `stream.id_refused`. */
  readonly act: string;
  readonly outcome: 'done' | 'refused';
  /** Undefined when nobody was recognised and no address is known. */
  readonly actor?: AuditActor;
  /** The id of what it was done to. */
  readonly object?: string;
  readonly requestId?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** The record with what only the store knew when it was done. */
export const withFacts = (record: AuditRecord, facts: NonNullable<AuditRecord['facts']>): AuditRecord => ({
  ...record,
  facts: { ...record.facts, ...facts },
});

/** Most records of one append: with the longest texts they are less than any store's largest write. */
export const MAX_RECORDS_AT_ONCE = 256;
/** Most characters of an act, an id or a fact that are kept; what is longer is cut, and ends with `…`. */
const MAX_TEXT_CHARACTERS = 200;
/** Most facts of one record that are kept. */
const MAX_FACTS = 16;

/**
 * The record as the one text that is stored and authenticated: JSON, members in this order, facts by name, sizes
 * bounded, so that nobody who can cause a record can cause a large one.
 */
export function auditText(record: AuditRecord): string {
  const { act, outcome, actor, object, requestId, facts } = record;
  return JSON.stringify({
    act: bounded(act),
    outcome,
    actor: bounded(actor),
    object: bounded(object),
    requestId: bounded(requestId),
    facts: facts && boundedFacts(facts),
  });
}

/** Reads a stored text back. @throws SyntaxError or TypeError when it is no record. */
export function auditRecordFrom(text: string): AuditRecord {
  const record: unknown = JSON.parse(text);
  if (typeof record !== 'object' || record === null || !('act' in record) || typeof record.act !== 'string') {
    throw new TypeError('it is no audit record');
  }
  return record as AuditRecord;
}

function boundedFacts(facts: NonNullable<AuditRecord['facts']>): Record<string, string | number | boolean> {
  const kept = Object.entries(facts)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .slice(0, MAX_FACTS)
    .map(([name, value]) => [bounded(name), typeof value === 'string' ? bounded(value) : value]);
  return Object.fromEntries(kept);
}

function bounded(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= MAX_TEXT_CHARACTERS) return text;
  return `${text.slice(0, MAX_TEXT_CHARACTERS - 1)}…`;
}
