import { DomainError } from '../../domain/domain-error.ts';
import type { UserId } from '../../domain/identity/ids.ts';
import type { Role } from '../../domain/identity/principal.ts';
import type { ReservationLedger } from '../ports/accounting/reservation-ledger.ts';
import type { AuditTrail } from '../ports/audit-trail.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdSource } from '../ports/id-source.ts';
import type { DirectoryEntry, PrincipalDirectory } from '../ports/identity/principal-directory.ts';
import { type AccountRef, entryOf } from './account-ref.ts';

/** What it takes to change an account's credit. */
export interface ManagingDeps {
  readonly ledger: ReservationLedger;
  readonly directory: PrincipalDirectory;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly audit: AuditTrail;
}

/** Who changes an account's credit, and on which account. */
export interface ManagingAct {
  /** A person with his role; the operator of the machine is `system`, with an admin's. */
  readonly by: { readonly userId: UserId | 'system'; readonly role: Role };
  readonly account: AccountRef;
  readonly requestId: string;
}

/**
 * Finds an account whose credit the actor may change: an admin any, a supervisor only another's with role
 * `user`. One that is named by its email must be verified, because whoever signed up wrote that email himself.
 *
 * @throws DomainError `user.not_found`, `permission.denied`, `account.not_verified`.
 */
export async function managedAccount(
  deps: Pick<ManagingDeps, 'directory' | 'audit'>,
  { by, account, requestId }: ManagingAct,
): Promise<DirectoryEntry> {
  const entry = await entryOf(deps.directory, account);
  const allowed =
    by.role === 'admin' || (by.role === 'supervisor' && entry.role === 'user' && entry.userId !== by.userId);
  if (!allowed) {
    deps.audit.refuse({
      act: 'credit.manage',
      outcome: 'refused',
      actor: by.userId,
      object: entry.userId,
      requestId,
    });
    throw new DomainError('permission.denied', "A supervisor manages only other users' credit");
  }
  if ('email' in account && !entry.isVerified) {
    throw new DomainError('account.not_verified', 'The email of this account is not verified');
  }
  return entry;
}
