import type { JournalRow } from '../../../src/application/ports/accounting/reservation-ledger.ts';
import {
  applyEntry,
  CreditAccount,
  type CreditAccountState,
} from '../../../src/domain/accounting/credit-account.ts';
import type { CreditReservationState } from '../../../src/domain/accounting/credit-reservation.ts';
import type { UserId } from '../../../src/domain/identity/ids.ts';
import type { DurableState } from '../world/durable-state.ts';
import type { JournalOfRun } from '../world/journal-of-run.ts';

/** Before every grant's expiry, so that an account is read as it is stored. */
const BEFORE_ALL_MS = 0;
/** More than any run has. */
const ALL = 1_000_000;

type Sums = Omit<CreditAccountState, 'grants' | 'userId'>;

/** Watches every write to the ledger: sums, holds, terminal states, and that the journal tells all of it. */
export class LedgerInvariants {
  readonly #state: DurableState;
  readonly #journal: JournalOfRun;
  readonly #users: readonly UserId[];
  /** What replaying the journal has come to so far, and up to which cursor. */
  readonly #replayed = new Map<UserId, Sums>();
  readonly #entries = new Set<string>();
  #cursor = 0;
  /** Reservations as they were last seen. */
  readonly #known = new Map<string, CreditReservationState>();

  constructor(state: DurableState, journal: JournalOfRun, users: readonly UserId[]) {
    this.#state = state;
    this.#journal = journal;
    this.#users = users;
  }

  /** To be called after each write of money, and of streams. */
  async look(): Promise<void> {
    const { ledger } = this.#state;
    const rows = await ledger.journal({ afterCursor: this.#cursor, limit: ALL });
    for (const row of rows) this.#replay(row);
    const reservations = await ledger.reservations({ openOnly: false, limit: ALL });
    for (const reservation of reservations) this.#lookAt(reservation);
    for (const user of this.#users) {
      this.#lookAtAccount(await ledger.account(user, BEFORE_ALL_MS), reservations);
    }
  }

  #replay({ cursor, entry }: JournalRow): void {
    this.#cursor = cursor;
    this.#journal.expect(!this.#entries.has(entry.id), () => `the journal has ${entry.id} twice`);
    this.#entries.add(entry.id);
    if (entry.kind === 'void') return;
    const before = { ...(this.#replayed.get(entry.userId) ?? CreditAccount.empty(entry.userId).snapshot()) };
    try {
      this.#replayed.set(entry.userId, applyEntry({ ...before, userId: entry.userId, grants: [] }, entry));
    } catch (error) {
      this.#journal.fail(`replaying ${entry.id} of the journal: ${(error as Error).message}`);
    }
  }

  #lookAt(reservation: CreditReservationState): void {
    const { id, state, amountMicros, outcome } = reservation;
    const before = this.#known.get(id);
    if (before === reservation) return;
    this.#known.set(id, reservation);
    if (outcome !== undefined) {
      const { chargeMicros, refundMicros } = outcome;
      this.#journal.expect(
        refundMicros >= 0 && refundMicros <= amountMicros && chargeMicros + refundMicros === amountMicros,
        () => `${id} held ${amountMicros}, charges ${chargeMicros} and refunds ${refundMicros}`,
      );
    }
    this.#journal.expect((state === 'open') === (outcome === undefined), () => `${id} is ${state} by halves`);
    if (before === undefined || before.state === 'open') return;
    const same = before.state === state && JSON.stringify(before.outcome) === JSON.stringify(outcome);
    this.#journal.expect(same, () => `${id} was ${before.state} and is resolved again, as ${state}`);
  }

  #lookAtAccount(account: CreditAccountState, reservations: readonly CreditReservationState[]): void {
    const { userId, grants, ...sums } = account;
    const { availableMicros, heldMicros, chargedMicros, expiredMicros, grantedMicros, adjustedMicros } = sums;
    const told = `the account of ${userId.slice(0, 4)}`;
    const used = availableMicros + heldMicros + chargedMicros + expiredMicros;
    const given = grantedMicros + adjustedMicros;
    this.#journal.expect(used === given, () => `${told} used ${used} of ${given}`);
    const open = reservations.filter((one) => one.userId === userId && one.state === 'open');
    const held = open.reduce((sum, one) => sum + one.amountMicros, 0);
    this.#journal.expect(held === heldMicros, () => `${told} has ${heldMicros} held, its holds have ${held}`);
    const left = grants.reduce((sum, grant) => sum + grant.remainingMicros, 0);
    this.#journal.expect(
      left === availableMicros,
      () => `${told}: grants have ${left} of ${availableMicros}`,
    );
    const {
      userId: _,
      grants: __,
      ...replayed
    } = {
      ...CreditAccount.empty(userId).snapshot(),
      ...this.#replayed.get(userId),
    };
    for (const [name, sum] of Object.entries(sums)) {
      const told = replayed[name as keyof typeof replayed];
      this.#journal.expect(sum === told, () => `${name} is ${sum}, and by the journal ${told}`);
      this.#journal.expect(sum >= 0 || name === 'adjustedMicros', () => `${name} is ${sum}`);
    }
  }
}
