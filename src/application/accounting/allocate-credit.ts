import type { CreditGrant } from '../../domain/accounting/credit-grant.ts';
import { type CreditMicros, micros } from '../../domain/accounting/credits.ts';
import type { AuditRecord } from '../../domain/audit/audit-record.ts';
import type { DirectoryEntry } from '../ports/identity/principal-directory.ts';
import { grantExpiry } from './grant-lifetime.ts';
import { type ManagingAct, type ManagingDeps, managedAccount } from './managed-account.ts';

/** A grant that was given, and what it did to the available credit. */
export interface Allocation {
  readonly account: DirectoryEntry;
  readonly grant: CreditGrant;
  readonly previousMicros: CreditMicros;
  readonly newMicros: CreditMicros;
}

/** Gives credit to an account as a grant with an expiry. */
export class AllocateCredit {
  readonly #deps: ManagingDeps;

  constructor(deps: ManagingDeps) {
    this.#deps = deps;
  }

  /** @throws DomainError `user.not_found`, `permission.denied`, `account.not_verified`, `credit.out_of_range`; PortError. */
  async execute(
    command: ManagingAct & { amountMicros: CreditMicros; expiryDays?: number; notes?: string },
  ): Promise<Allocation> {
    const { ledger, clock, ids } = this.#deps;
    const { by, requestId, amountMicros, notes } = command;
    const account = await managedAccount(this.#deps, command);
    const nowMs = clock.nowMs();
    const grant: CreditGrant = {
      id: ids.uuid(),
      amountMicros,
      remainingMicros: amountMicros,
      grantedAtMs: nowMs,
      expiresAtMs: grantExpiry(nowMs, command.expiryDays),
      source: 'allocation',
      grantedBy: by.userId,
      ...(notes === undefined ? {} : { notes }),
    };
    const record: AuditRecord = {
      act: 'credit.allocate',
      outcome: 'done',
      actor: by.userId,
      object: account.userId,
      requestId,
      facts: { grantId: grant.id, amountMicros },
    };
    const act = {
      nowMs,
      actor: by.userId,
      ...(notes === undefined ? {} : { note: notes }),
      audit: [record],
    };
    const { availableMicros } = await ledger.grant(account.userId, grant, act);
    return {
      account,
      grant,
      previousMicros: micros(Math.max(0, availableMicros - amountMicros)),
      newMicros: availableMicros,
    };
  }
}
