import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { CreditHolds, SettlementIntent } from '../../ports/accounting/credit-holds.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { StreamRepository } from '../../ports/streaming/stream-repository.ts';

/** Brings one stored intent to accounting, and forgets it when accounting has acknowledged it. */
export class IntentSettler {
  readonly #deps: { holds: CreditHolds; streams: StreamRepository; log: Log; metrics: Metrics };
  readonly #underWay = new Map<StreamId, Promise<boolean>>();

  constructor(deps: { holds: CreditHolds; streams: StreamRepository; log: Log; metrics: Metrics }) {
    this.#deps = deps;
  }

  /** True when the intent is settled for good; false when it must be tried again. Never throws. */
  settle(intent: SettlementIntent): Promise<boolean> {
    const underWay = this.#underWay.get(intent.id);
    if (underWay !== undefined) return underWay;
    const settling = this.#settle(intent).finally(() => this.#underWay.delete(intent.id));
    this.#underWay.set(intent.id, settling);
    return settling;
  }

  async #settle(intent: SettlementIntent): Promise<boolean> {
    const { holds, streams, log, metrics } = this.#deps;
    try {
      const outcome = await holds.resolve(intent);
      if (outcome === 'rejected') {
        log.error(
          { streamId: intent.id, kind: intent.kind, tokens: intent.tokens },
          'accounting refused a settlement',
        );
      }
      metrics.count('holdfast_settlements_total', { outcome });
      await streams.acknowledgeIntent(intent.id);
      return true;
    } catch (error) {
      metrics.count('holdfast_settlements_total', { outcome: 'failed' });
      log.warn({ streamId: intent.id, err: error }, 'a settlement will be tried again');
      return false;
    }
  }
}
