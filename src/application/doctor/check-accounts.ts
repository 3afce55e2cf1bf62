import type { CreditGrant } from '../../domain/accounting/credit-grant.ts';
import type { InspectedAccount, StorePicture } from '../ports/store-inspection.ts';
import { type ReplayedAccount, SUMS, type Sum } from './check-journal.ts';
import { type Findings, readableOf } from './findings.ts';

const NOTHING: Readonly<Record<Sum, number>> = {
  available: 0,
  held: 0,
  charged: 0,
  expired: 0,
  granted: 0,
  adjusted: 0,
};

/** What an account must agree with, gathered from the rows beside it. */
interface Beside {
  /** Sum of what is left in its grants. */
  remaining: number;
  /** Sum of its open holds. */
  held: number;
}

/** Proves each account's sums against its grants, its open holds and the replayed journal. */
export async function checkAccounts(
  picture: StorePicture,
  replayed: ReadonlyMap<string, ReplayedAccount>,
  findings: Findings,
): Promise<void> {
  const beside = new Map<string, Beside>();
  await checkGrants(picture, replayed, beside, findings);
  for await (const page of picture.reservations()) {
    for (const seen of page) {
      if (!('value' in seen) || seen.value.state !== 'open') continue;
      besideOf(beside, seen.value.userId).held += seen.value.amountMicros;
    }
  }
  const known = new Set<string>();
  for await (const rows of findings.readable('accounts', picture.accounts())) {
    for (const { row, value } of rows) {
      known.add(value.userId);
      checkSums(value, row, findings);
      const { remaining, held } = besideOf(beside, value.userId);
      findings.expectEqual(value.availableMicros, remaining, 'account.grants', row, 'available');
      findings.expectEqual(value.heldMicros, held, 'account.holds', row, 'held');
      checkReplay(sumsOf(value), replayed.get(value.userId)?.sums ?? NOTHING, row, findings);
    }
  }
  for (const userId of new Set([...beside.keys(), ...replayed.keys()])) {
    findings.expect(
      known.has(userId),
      'account.missing',
      `accounts/${userId}`,
      () => 'grants, holds or entries name it, and it is not there',
    );
  }
}

async function checkGrants(
  picture: StorePicture,
  replayed: ReadonlyMap<string, ReplayedAccount>,
  beside: Map<string, Beside>,
  findings: Findings,
): Promise<void> {
  for await (const rows of findings.readable('grants', picture.grants())) {
    const entries = await picture.journalRowsOf(rows.map(({ value }) => givingEntry(value.grant)));
    for (const { row, value } of rows) {
      const { grant, userId } = value;
      besideOf(beside, userId).remaining += grant.remainingMicros;
      checkGrant(grant, row, findings);
      const told = replayed.get(userId)?.grants.get(grant.id) ?? 0;
      findings.expectEqual(grant.remainingMicros, told, 'journal.replay', row, 'what is left');
      const given = readableOf(entries.get(givingEntry(grant))?.[0])?.entry.account.available;
      findings.expect(
        given === grant.amountMicros,
        'grant.amount',
        row,
        () => `it gave ${grant.amountMicros} and its entry says ${given ?? 'nothing'}`,
      );
    }
  }
}

/** The id of the entry by which a grant was given. */
const givingEntry = ({ id, source }: CreditGrant): string =>
  `${id}:${source === 'adjustment' ? 'adjust' : 'grant'}`;

function checkGrant(
  { remainingMicros, amountMicros, lapsed }: CreditGrant,
  row: string,
  findings: Findings,
): void {
  findings.expect(
    remainingMicros >= 0 && remainingMicros <= amountMicros,
    'grant.range',
    row,
    () => `${remainingMicros} of ${amountMicros} is left`,
  );
  findings.expect(
    lapsed !== true || remainingMicros === 0,
    'grant.lapsed',
    row,
    () => `it has lapsed with ${remainingMicros} left`,
  );
}

function checkSums(account: InspectedAccount, row: string, findings: Findings): void {
  const { availableMicros, heldMicros, chargedMicros, expiredMicros, grantedMicros } = account;
  findings.expectEqual(
    availableMicros + heldMicros + chargedMicros + expiredMicros,
    grantedMicros + account.adjustedMicros,
    'account.sums',
    row,
    'available + held + charged + expired',
  );
  const sums = { availableMicros, heldMicros, chargedMicros, expiredMicros, grantedMicros };
  for (const [name, amount] of Object.entries(sums)) {
    findings.expect(amount >= 0, 'account.negative', row, () => `${name} is ${amount}`);
  }
}

function checkReplay(
  sums: Readonly<Record<Sum, number>>,
  told: Readonly<Record<Sum, number>>,
  row: string,
  findings: Findings,
): void {
  for (const sum of SUMS) findings.expectEqual(sums[sum], told[sum], 'journal.replay', row, sum);
}

const sumsOf = (account: InspectedAccount): Record<Sum, number> => ({
  available: account.availableMicros,
  held: account.heldMicros,
  charged: account.chargedMicros,
  expired: account.expiredMicros,
  granted: account.grantedMicros,
  adjusted: account.adjustedMicros,
});

function besideOf(beside: Map<string, Beside>, userId: string): Beside {
  const known = beside.get(userId);
  if (known !== undefined) return known;
  const made: Beside = { remaining: 0, held: 0 };
  beside.set(userId, made);
  return made;
}
