import { type ChainedRecord, headText } from '../../domain/audit/audit-chain.ts';
import { type AuditRecord, auditRecordFrom, MAX_RECORDS_AT_ONCE } from '../../domain/audit/audit-record.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { PortError } from '../ports/port-error.ts';
import type { Timers } from '../ports/timers.ts';
import { RefusalCounter } from './refusal-counter.ts';

/** How long refusals gather before they are stored together, in milliseconds. */
const GATHER_MS = 250;
/** Rest before a store that refused them is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** Most refusals that wait for the store; while it is away more are told in the log only. */
export const MAX_WAITING_REFUSALS = 5_000;
/** How often it is said where the chain stands, in milliseconds. */
const ANCHOR_EVERY_MS = 60_000;

interface Deps {
  readonly store: AuditLog;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timers: Timers;
  readonly clock: Clock;
}

/**
 * Records acts and refusals in the store, says each in the log once it is there, and says every minute, in the store,
 * the log and the metrics, where the chain stands.
 */
export class StoredAuditTrail implements AuditTrail {
  readonly #deps: Deps;
  readonly #counter = new RefusalCounter();
  #waiting: AuditRecord[] = [];
  #storing: Promise<void> | undefined;
  #failing = false;
  #told: string | undefined;
  /** Whether there is a chain to speak of: a program that only looked has none. */
  #begun = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    deps.store.subscribe((record) => this.#tell(record));
  }

  act(record: AuditRecord): Promise<void> {
    return this.#deps.store.append([record]);
  }

  refuse(record: AuditRecord): void {
    const due = this.#counter.due(this.#deps.clock.nowMs());
    this.#await(this.#counter.admits(record) ? [...due, record] : due);
  }

  /** Says where the chain stands, at once and every minute, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#await(this.#counter.due(this.#deps.clock.nowMs()));
      await this.#anchor();
      await this.#deps.timers.sleep(ANCHOR_EVERY_MS, signal).catch(() => undefined);
    }
  }

  /**
   * Stores what still waits, or tells it in the log, and says where the chain stands, if anything was recorded. For the
   * end of the program.
   */
  async finish(): Promise<void> {
    this.#await(this.#counter.close());
    while (this.#waiting.length > 0 && (await this.#storeSome())) {
      // Some were stored; the rest is next.
    }
    this.#lose(this.#waiting.splice(0), 'the server stopped');
    if (this.#begun) await this.#anchor();
  }

  #await(records: readonly AuditRecord[]): void {
    const room = Math.max(0, MAX_WAITING_REFUSALS - this.#waiting.length);
    this.#waiting.push(...records.slice(0, room));
    this.#lose(records.slice(room), 'too many wait for the store');
    if (this.#waiting.length > 0) this.#storing ??= this.#storeSoon();
  }

  async #storeSoon(): Promise<void> {
    let restMs = GATHER_MS;
    while (this.#waiting.length > 0) {
      await this.#deps.timers.sleep(restMs).catch(() => undefined);
      restMs = (await this.#storeSome()) ? GATHER_MS : RETRY_MS;
    }
    this.#storing = undefined;
  }

  /** False when the store is away: what was to be stored waits again. Never throws. */
  async #storeSome(): Promise<boolean> {
    const { store, log, metrics } = this.#deps;
    const some = this.#waiting.splice(0, MAX_RECORDS_AT_ONCE);
    try {
      if (some.length > 0) await store.append(some);
      this.#failing = false;
      return true;
    } catch (error) {
      if (!(error instanceof PortError)) {
        log.error({ err: error }, 'refusals could not be recorded, by a mistake of ours');
        this.#lose(some, 'they cannot be stored');
        return true;
      }
      metrics.count('holdfast_audit_writes_failed_total');
      if (!this.#failing) log.warn({ err: error, waiting: some.length }, 'refusals wait for the audit log');
      this.#failing = true;
      this.#waiting = [...some, ...this.#waiting];
      return false;
    }
  }

  /** The last resort: what the store does not take is told in the log, and counted. */
  #lose(records: readonly AuditRecord[], why: string): void {
    if (records.length === 0) return;
    const { log, metrics } = this.#deps;
    metrics.count('holdfast_audit_refusals_lost_total', {}, records.length);
    for (const audit of records) log.warn({ audit, why }, `audit, not stored: ${audit.act}`);
  }

  async #anchor(): Promise<void> {
    const { store, log, metrics } = this.#deps;
    try {
      const head = await store.anchor();
      const word = headText(head);
      if (word === this.#told) return;
      metrics.info('holdfast_audit_head', { head: word });
      metrics.gauge('holdfast_audit_chain_records', head.seq);
      log.info({ head: word }, 'audit head');
      this.#told = word;
    } catch (error) {
      metrics.count('holdfast_audit_writes_failed_total');
      log.warn({ err: error }, 'the head of the audit log could not be stored');
    }
  }

  #tell({ seq, text }: ChainedRecord): void {
    this.#begun = true;
    const { requestId, ...audit } = auditRecordFrom(text);
    const request = requestId === undefined ? {} : { requestId };
    this.#deps.log.info({ ...request, audit: { ...audit, seq } }, `audit: ${audit.act}`);
  }
}
