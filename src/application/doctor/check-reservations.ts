import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import { chargeFor } from '../../domain/accounting/credits.ts';
import { STREAM_USAGE_SERVICE, usageOf } from '../../domain/accounting/hold-closing.ts';
import type { JournalEntry } from '../../domain/accounting/journal-entry.ts';
import type { StorePicture } from '../ports/store-inspection.ts';
import { type Findings, readableOf } from './findings.ts';

/** The journal's word for each way in which a hold is closed. */
const CLOSING_KIND = { settled: 'settle', released: 'release', expired: 'expire' } as const;

/** Proves that each hold is resolved at most once, for no more than it held, with its entries and usage record. */
export function checkReservations(picture: StorePicture, findings: Findings): void {
  for (const { row, value } of findings.readable('reservations', picture.reservations())) {
    const inspected = { own: value, row, picture, findings };
    for (const check of CHECKS) findings.examine(row, () => check(inspected));
  }
  for (const { row, value } of findings.readable('usage_records', picture.usage())) {
    if (value.service !== STREAM_USAGE_SERVICE || value.id !== `${value.streamId}:usage`) continue;
    const reservation = picture.reservation(value.streamId ?? '');
    findings.expect(
      reservation !== undefined,
      'usage.reservation',
      row,
      () => `there is no reservation ${value.streamId}`,
    );
  }
}

interface Inspected {
  readonly own: CreditReservationState;
  readonly row: string;
  readonly picture: StorePicture;
  readonly findings: Findings;
}

function checkShape({ own, row, findings }: Inspected): void {
  const closed = own.state === 'settled' || own.state === 'released' || own.state === 'expired';
  findings.expect(
    closed === (own.outcome !== undefined) &&
      (own.lateReport === undefined || own.state === 'expired') &&
      (own.state !== 'voided' || own.amountMicros === 0),
    'reservation.state',
    row,
    () => `it is ${own.state}, which does not go with the rest of it`,
  );
  const ofParts = own.parts.reduce((sum, part) => sum + part.micros, 0);
  findings.expectEqual(ofParts, own.amountMicros, 'reservation.parts', row, 'the sum of its parts');
  if (own.outcome === undefined) return;
  const { chargeMicros, refundMicros, tokens } = own.outcome;
  findings.expect(
    chargeMicros >= 0 && refundMicros >= 0 && chargeMicros + refundMicros === own.amountMicros,
    'reservation.refund',
    row,
    () => `charge ${chargeMicros} and refund ${refundMicros} do not make up the hold of ${own.amountMicros}`,
  );
  const owed = Math.min(chargeFor(tokens, own.priceMicrosPer1000), own.amountMicros);
  findings.expectEqual(chargeMicros, owed, 'reservation.charge', row, `the charge for ${tokens} tokens`);
}

function checkOpening(inspected: Inspected): void {
  const { own, row, findings } = inspected;
  const opened = entryOf(inspected, own.state === 'voided' ? 'void' : 'reserve');
  const held = opened?.account.held ?? 0;
  findings.expect(
    opened !== undefined && opened.userId === own.userId && held === own.amountMicros,
    'reservation.opened',
    row,
    () => `it holds ${own.amountMicros} and its entry says ${opened === undefined ? 'nothing' : held}`,
  );
}

function checkClosing(inspected: Inspected): void {
  const { own, row, findings } = inspected;
  const closings = Object.values(CLOSING_KIND).flatMap((kind) => entryOf(inspected, kind) ?? []);
  if (own.outcome === undefined) {
    const kinds = closings.map((entry) => entry.kind).join(' and ');
    findings.expect(
      closings.length === 0,
      'reservation.one-end',
      row,
      () => `it is ${own.state} and has a ${kinds}`,
    );
    return;
  }
  const [closing] = closings;
  const kind = own.state in CLOSING_KIND ? CLOSING_KIND[own.state as keyof typeof CLOSING_KIND] : undefined;
  findings.expect(
    closings.length === 1 && closing?.kind === kind,
    'reservation.one-end',
    row,
    () => `it is ${own.state} and its closing entries are: ${closings.map((entry) => entry.kind).join(', ')}`,
  );
  if (closing === undefined) return;
  const { held = 0, charged = 0, available = 0, expired = 0 } = closing.account;
  findings.expectEqual(-held, own.amountMicros, 'reservation.posted', row, 'what its closing entry frees');
  const { chargeMicros, refundMicros } = own.outcome;
  findings.expectEqual(charged, chargeMicros, 'reservation.posted', row, 'what its closing entry charges');
  const refunded = available + expired;
  findings.expectEqual(
    refunded,
    refundMicros,
    'reservation.posted',
    row,
    'what its closing entry gives back',
  );
}

function checkUncollected(inspected: Inspected): void {
  const { own, row, findings } = inspected;
  const price = own.priceMicrosPer1000;
  const owed = own.outcome === undefined ? 0 : chargeFor(own.outcome.tokens, price);
  const late = own.lateReport === undefined ? 0 : chargeFor(own.lateReport.tokens, price);
  const expected = {
    'uncollected-closing': Math.max(0, owed - own.amountMicros),
    'uncollected-late': Math.max(0, late - owed),
  };
  for (const [suffix, amount] of Object.entries(expected)) {
    const journaled = entryOf(inspected, suffix)?.uncollectedMicros ?? 0;
    findings.expectEqual(journaled, amount, 'reservation.uncollected', row, `its ${suffix}`);
  }
}

function checkUsage({ own, row, picture, findings }: Inspected): void {
  const expected = usageOf(own);
  const stored = readableOf(picture.usageRecord(`${own.id}:usage`));
  if (expected === undefined) {
    findings.expect(stored === undefined, 'usage.recorded', row, () => 'it has a usage record without usage');
    return;
  }
  findings.expect(
    stored?.userId === expected.userId &&
      stored.tokens === expected.tokens &&
      stored.chargeMicros === expected.chargeMicros,
    'usage.recorded',
    row,
    () => `it has no usage record of ${expected.tokens} tokens for ${expected.chargeMicros}`,
  );
}

const CHECKS = [checkShape, checkOpening, checkClosing, checkUncollected, checkUsage];

const entryOf = ({ own, picture }: Inspected, suffix: string): JournalEntry | undefined =>
  readableOf(picture.journalRows(`${own.id}:${suffix}`)[0])?.entry;
