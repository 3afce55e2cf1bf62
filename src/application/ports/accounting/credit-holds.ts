import type { UserId } from '../../../domain/identity/ids.ts';
import type { StreamId } from '../../../domain/streaming/stream-id.ts';
import type { FrozenHold } from '../../../domain/streaming/streaming-session.ts';

/** What a reserve answered. */
export type HoldOutcome =
  | { readonly kind: 'held'; readonly hold: FrozenHold; readonly expiresAtMs: number }
  | { readonly kind: 'insufficient' };

/** What chat owes accounting for one stream, stored with the end of the stream and retried until acknowledged. */
export type SettlementIntent =
  | { readonly kind: 'finalize'; readonly id: StreamId; readonly tokens: number; readonly success: boolean }
  | { readonly kind: 'abort'; readonly id: StreamId; readonly tokens: number };

/**
 * Chat's view of accounting: in one process by its use cases, between services over HTTP. Every call is
 * idempotent by the stream's id, and an adapter may repeat it with the same id.
 *
 * @throws PortError `unavailable` when the request certainly was not carried out, `timeout` when its outcome is unknown.
 *   DomainError from a reserve that accounting refuses for another reason than the credit, and that holds nothing:
 *   `model.not_found`, `model.price_unknown`, `credit.account_busy`, `reservation.changed`, `reservation.closed`,
 *   `reservation.expired_id`, `reservation.voided`.
 */
export interface CreditHolds {
  /** Reserves the worst case of one call. */
  reserve(request: {
    readonly id: StreamId;
    readonly userId: UserId;
    readonly modelId: string;
    readonly estimatedTokens: number;
  }): Promise<HoldOutcome>;
  /** Renews the hold and stores the usage so far. `closed`: the hold is gone, stop the upstream. */
  extend(id: StreamId, tokensSoFar: number): Promise<'extended' | 'closed'>;
  /**
   * The usage that the last extension stored, prompt included, whatever has become of the hold: 0 before the first one,
   * undefined for an id that nothing was ever held for. Never goes back.
   */
  checkpointOf(id: StreamId): Promise<number | undefined>;
  /**
   * Resolves a hold. An abort of an id that accounting does not know voids the id, so that a reserve which
   * arrives late holds nothing. `acknowledged` also for repeats and for holds that expiry closed before;
   * `rejected` when accounting refuses it for good.
   */
  resolve(intent: SettlementIntent): Promise<'acknowledged' | 'rejected'>;
}
