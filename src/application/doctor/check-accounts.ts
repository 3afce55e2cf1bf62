import type { InspectedAccount, StorePicture } from '../ports/store-inspection.ts';
import { type ReplayedAccount, SUMS, type Sum } from './check-journal.ts';
import type { Findings } from './findings.ts';

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
export function checkAccounts(
  picture: StorePicture,
  replayed: ReadonlyMap<string, ReplayedAccount>,
  findings: Findings,
): void {
  const beside = new Map<string, Beside>();
  checkGrants(picture, replayed, beside, findings);
  for (const seen of picture.reservations()) {
    if ('value' in seen && seen.value.state === 'open') {
      besideOf(beside, seen.value.userId).held += seen.value.amountMicros;
    }
  }
  const known = new Set<string>();
  for (const { row, value } of findings.readable('accounts', picture.accounts())) {
    known.add(value.userId);
    checkSums(value, row, findings);
    const { remaining, held } = besideOf(beside, value.userId);
    findings.expectEqual(value.availableMicros, remaining, 'account.grants', row, 'available');
    findings.expectEqual(value.heldMicros, held, 'account.holds', row, 'held');
    checkReplay(sumsOf(value), replayed.get(value.userId)?.sums ?? NOTHING, row, findings);
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

function checkGrants(
  picture: StorePicture,
  replayed: ReadonlyMap<string, ReplayedAccount>,
  beside: Map<string, Beside>,
  findings: Findings,
): void {
  for (const { row, value } of findings.readable('grants', picture.grants())) {
    const { grant, userId } = value;
    const { remainingMicros, amountMicros } = grant;
    besideOf(beside, userId).remaining += remainingMicros;
    findings.expect(
      remainingMicros >= 0 && remainingMicros <= amountMicros,
      'grant.range',
      row,
      () => `${remainingMicros} of ${amountMicros} is left`,
    );
    findings.expect(
      grant.lapsed !== true || remainingMicros === 0,
      'grant.lapsed',
      row,
      () => `it has lapsed with ${remainingMicros} left`,
    );
    const told = replayed.get(userId)?.grants.get(grant.id) ?? 0;
    findings.expectEqual(remainingMicros, told, 'journal.replay', row, 'what is left');
    const kind = grant.source === 'adjustment' ? 'adjust' : 'grant';
    const [entry] = picture.journalRows(`${grant.id}:${kind}`);
    const given = entry !== undefined && 'value' in entry ? entry.value.entry.account.available : undefined;
    findings.expect(
      given === amountMicros,
      'grant.amount',
      row,
      () => `it gave ${amountMicros} and its entry says ${given ?? 'nothing'}`,
    );
  }
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
