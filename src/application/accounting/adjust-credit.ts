import type { AdjustmentTarget } from '../../domain/accounting/adjust-credit.ts';
import type { CreditMicros } from '../../domain/accounting/credits.ts';
import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import type { DirectoryEntry } from '../ports/identity/principal-directory.ts';
import { grantExpiry } from './grant-lifetime.ts';
import { type ManagingAct, type ManagingDeps, managedAccount } from './managed-account.ts';

/** Sets or moves an account's available credit; never below zero, never a hold. */
export class AdjustCredit {
  readonly #deps: ManagingDeps;

  constructor(deps: ManagingDeps) {
    this.#deps = deps;
  }

  /** @throws DomainError `user.not_found`, `permission.denied`, `account.not_verified`, `credit.out_of_range`; PortError. */
  async execute(
    command: ManagingAct & { target: AdjustmentTarget; expiryDays?: number; notes?: string },
  ): Promise<{ account: DirectoryEntry; previousMicros: CreditMicros; newMicros: CreditMicros }> {
    const { ledger, clock, ids } = this.#deps;
    const { by, requestId, target, notes } = command;
    const account = await managedAccount(this.#deps, command);
    const nowMs = clock.nowMs();
    const id = ids.uuid();
    const change = { id, target, expiresAtMs: grantExpiry(nowMs, command.expiryDays) };
    const record: AuditRecord = {
      act: 'credit.adjust',
      outcome: 'done',
      actor: by.userId,
      object: account.userId,
      requestId,
      facts: { adjustmentId: id },
    };
    const act = {
      nowMs,
      actor: by.userId,
      ...(notes === undefined ? {} : { note: notes }),
      audit: [record],
    };
    const { previousMicros, newMicros } = await ledger.adjust(account.userId, change, act);
    return { account, previousMicros, newMicros };
  }
}
