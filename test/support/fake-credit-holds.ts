import type {
  CreditHolds,
  HoldOutcome,
  SettlementIntent,
} from '../../src/application/ports/accounting/credit-holds.ts';
import { micros } from '../../src/domain/accounting/credits.ts';
import type { StreamId } from '../../src/domain/streaming/stream-id.ts';
import type { ManualClock } from './manual-clock.ts';

/** How long a hold of the tests lives unless it is renewed, in milliseconds. */
export const HOLD_LIFE_MS = 600_000;

/** An accounting that remembers what it is asked, and fails as a test tells it to. */
export class FakeCreditHolds implements CreditHolds {
  readonly #clock: ManualClock;
  readonly reserved: StreamId[] = [];
  readonly extended: Array<{ id: StreamId; tokensSoFar: number }> = [];
  readonly resolved: SettlementIntent[] = [];
  /** What each call throws; undefined lets it pass. */
  fault: { reserve?: Error; extend?: Error; checkpoint?: Error; resolve?: Error } = {};
  insufficient = false;
  closed = false;
  maxOutputTokens = 1_000;
  limitedBy: 'credit' | 'model' = 'model';
  /** Awaited by every resolve before it answers. */
  gate: Promise<void> = Promise.resolve();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async reserve(request: { id: StreamId }): Promise<HoldOutcome> {
    if (this.fault.reserve !== undefined) throw this.fault.reserve;
    if (this.insufficient) return { kind: 'insufficient' };
    this.reserved.push(request.id);
    const { maxOutputTokens, limitedBy } = this;
    const hold = {
      amountMicros: micros(10_000),
      priceMicrosPer1000: micros(1_000),
      maxOutputTokens,
      limitedBy,
    };
    return { kind: 'held', hold, expiresAtMs: this.#clock.nowMs() + HOLD_LIFE_MS };
  }

  async extend(id: StreamId, tokensSoFar: number): Promise<'extended' | 'closed'> {
    if (this.fault.extend !== undefined) throw this.fault.extend;
    this.extended.push({ id, tokensSoFar });
    return this.closed ? 'closed' : 'extended';
  }

  async checkpointOf(id: StreamId): Promise<number | undefined> {
    if (this.fault.checkpoint !== undefined) throw this.fault.checkpoint;
    const stored = this.extended.filter((extension) => extension.id === id);
    const isKnown = stored.length > 0 || this.reserved.includes(id);
    return isKnown ? Math.max(0, ...stored.map(({ tokensSoFar }) => tokensSoFar)) : undefined;
  }

  async resolve(intent: SettlementIntent): Promise<'acknowledged'> {
    await this.gate;
    if (this.fault.resolve !== undefined) throw this.fault.resolve;
    this.resolved.push(intent);
    return 'acknowledged';
  }

  /** What was told of one stream, in order. */
  resolutionsOf(id: StreamId): SettlementIntent[] {
    return this.resolved.filter((intent) => intent.id === id);
  }
}
