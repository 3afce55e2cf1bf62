import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import { chargeFor } from '../../domain/accounting/credits.ts';
import { STREAM_USAGE_SERVICE, usageOf } from '../../domain/accounting/hold-closing.ts';
import type { JournalEntry } from '../../domain/accounting/journal-entry.ts';
import type { JournalRow, UsageRecord } from '../ports/accounting/reservation-ledger.ts';
import type { Found, Page, Seen, StorePicture } from '../ports/store-inspection.ts';
import { type Findings, readableOf } from './findings.ts';

/** The journal's word for each way in which a hold is closed. */
const CLOSING_KIND = { settled: 'settle', released: 'release', expired: 'expire' } as const;
/** How the ids of entries about a reservation end. */
const SUFFIXES = [
  'reserve',
  'void',
  ...Object.values(CLOSING_KIND),
  'uncollected-closing',
  'uncollected-late',
] as const;
type Suffix = (typeof SUFFIXES)[number];

/** Proves that each hold is resolved at most once, for no more than it held, with its entries and usage record. */
export async function checkReservations(picture: StorePicture, findings: Findings): Promise<void> {
  for await (const rows of findings.readable('reservations', picture.reservations())) {
    const ids = rows.map(({ value }) => value.id);
    const entries = await picture.journalRowsOf(
      ids.flatMap((id) => SUFFIXES.map((suffix) => entryId(id, suffix))),
    );
    const usage = await picture.usageRecordsOf(ids.map(usageId));
    for (const { row, value } of rows) {
      const inspected = { own: value, row, entries, usage, findings };
      for (const check of CHECKS) findings.examine(row, () => check(inspected));
    }
  }
  await checkUsageRecords(picture, findings);
}

async function checkUsageRecords(picture: StorePicture, findings: Findings): Promise<void> {
  for await (const rows of findings.readable('usage_records', picture.usage())) {
    const ofStreams = rows.filter(
      ({ value: { id, service, streamId } }) =>
        service === STREAM_USAGE_SERVICE && streamId !== undefined && id === usageId(streamId),
    );
    const known = await picture.reservationsOf(ofStreams.map(({ value }) => value.streamId ?? ''));
    for (const { row, value } of ofStreams) {
      findings.expect(
        known.has(value.streamId ?? ''),
        'usage.reservation',
        row,
        () => `there is no reservation ${value.streamId}`,
      );
    }
  }
}

/** The id of the usage record of a reservation. */
const usageId = (id: string): string => `${id}:usage`;

interface Inspected {
  readonly own: CreditReservationState;
  readonly row: string;
  readonly entries: Found<Page<JournalRow>>;
  readonly usage: Found<Seen<UsageRecord>>;
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
  const expected = [
    ['uncollected-closing', Math.max(0, owed - own.amountMicros)],
    ['uncollected-late', Math.max(0, late - owed)],
  ] as const;
  for (const [suffix, amount] of expected) {
    const journaled = entryOf(inspected, suffix)?.uncollectedMicros ?? 0;
    findings.expectEqual(journaled, amount, 'reservation.uncollected', row, `its ${suffix}`);
  }
}

function checkUsage({ own, row, usage, findings }: Inspected): void {
  const expected = usageOf(own);
  const stored = readableOf(usage.get(usageId(own.id)));
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

/** The id of an entry about a reservation. */
const entryId = (id: string, suffix: Suffix): string => `${id}:${suffix}`;

const entryOf = ({ own, entries }: Inspected, suffix: Suffix): JournalEntry | undefined =>
  readableOf(entries.get(entryId(own.id, suffix))?.[0])?.entry;
