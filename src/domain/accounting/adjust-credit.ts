import { type Act, applyEntry, CreditAccount, type Posting } from './credit-account.ts';
import { type CreditMicros, micros } from './credits.ts';

/** What an operator wants: an amount to stand at, or a signed amount to move by. */
export type AdjustmentTarget = { readonly to: CreditMicros } | { readonly by: number };

/** An operator's change of an account's available credit. */
export interface Adjustment {
  /** Names the change: the id of the grant that growth becomes, and of the journal entry. */
  readonly id: string;
  readonly target: AdjustmentTarget;
  /** When added credit expires, in unix milliseconds. */
  readonly expiresAtMs: number;
}

/** The id of the journal entry that records an adjustment; its presence tells a repeat. */
export const adjustmentEntryId = (id: string): string => `${id}:adjust`;

/**
 * Sets or moves an account's available credit; holds are not touched and nothing falls below zero. A change
 * that moves nothing is journaled as well, so that its repeat cannot move anything later.
 *
 * @throws DomainError `credit.out_of_range` when the account would pass its limit.
 */
export function adjustCredit(
  account: CreditAccount,
  change: Adjustment,
  act: Act,
): Posting & { readonly previousMicros: CreditMicros } {
  const previousMicros = account.availableAt(act.nowMs);
  const by = 'to' in change.target ? change.target.to - previousMicros : change.target.by;
  const entryId = adjustmentEntryId(change.id);
  const posting = by > 0 ? grow(account, change, by, act) : account.remove(micros(-by), entryId, act);
  if (posting.entries.some((entry) => entry.id === entryId)) return { ...posting, previousMicros };
  return { ...recordUnmoved(posting, entryId, act), previousMicros };
}

function grow(account: CreditAccount, change: Adjustment, by: number, act: Act): Posting {
  const amount = micros(by);
  return account.grant(
    {
      id: change.id,
      amountMicros: amount,
      remainingMicros: amount,
      grantedAtMs: act.nowMs,
      expiresAtMs: change.expiresAtMs,
      source: 'adjustment',
      grantedBy: act.actor,
      ...(act.note === undefined ? {} : { notes: act.note }),
    },
    act,
  );
}

function recordUnmoved(posting: Posting, entryId: string, act: Act): Posting {
  const state = posting.account.snapshot();
  const entry = {
    id: entryId,
    kind: 'adjust' as const,
    atMs: act.nowMs,
    userId: state.userId,
    actor: act.actor,
    ...(act.note === undefined ? {} : { note: act.note }),
    account: {},
    grants: [],
  };
  return {
    account: CreditAccount.restore(applyEntry(state, entry)),
    entries: [...posting.entries, entry],
  };
}
