import type { ReservationLedger } from '../application/ports/accounting/reservation-ledger.ts';
import type { Clock } from '../application/ports/clock.ts';
import type { PrincipalDirectory } from '../application/ports/identity/principal-directory.ts';
import { DEFAULT_GRANT_DAYS } from '../domain/accounting/credit-grant.ts';
import { creditsToMicros } from '../domain/accounting/credits.ts';
import type { AuditRecord } from '../domain/audit/audit-record.ts';
import type { FirstAccount } from '../domain/identity/demo-accounts.ts';

/** Credits that each demo account begins with. */
export const DEMO_CREDITS = 100;
const DAY_MS = 86_400_000;

/** Gives the demo accounts their first credit, once: the grant's id follows from the user's, and a repeat changes nothing. */
export async function grantDemoCredit(
  accounts: readonly FirstAccount[],
  stores: {
    readonly ledger: ReservationLedger;
    readonly directory: PrincipalDirectory;
    readonly clock: Clock;
  },
): Promise<void> {
  const amountMicros = creditsToMicros(DEMO_CREDITS);
  for (const { username } of accounts) {
    const user = await stores.directory.resolve(username);
    if (user === undefined) continue;
    const nowMs = stores.clock.nowMs();
    const grant = {
      id: `demo-${user.userId}`,
      amountMicros,
      remainingMicros: amountMicros,
      grantedAtMs: nowMs,
      expiresAtMs: nowMs + DEFAULT_GRANT_DAYS * DAY_MS,
      source: 'demo',
      grantedBy: 'system',
      notes: 'Credit to begin with',
    } as const;
    const record: AuditRecord = {
      act: 'credit.allocate',
      outcome: 'done',
      actor: 'system',
      object: user.userId,
      facts: { grantId: grant.id, amountMicros },
    };
    await stores.ledger.grant(user.userId, grant, { nowMs, actor: 'system', audit: [record] });
  }
}
