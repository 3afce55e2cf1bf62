import { chargeFor } from '../../domain/accounting/credits.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { Digest } from '../ports/digest.ts';
import type { StorePicture } from '../ports/store-inspection.ts';
import { checkStreamLog } from './check-stream-log.ts';
import { type Findings, readableOf } from './findings.ts';

/** Proves that the streams of every chat follow one another, are in legal states, and are paid for. */
export function checkStreams(picture: StorePicture, findings: Findings, digest: Digest): void {
  const ledgerIsHere = hasRow(picture.reservations()) || hasRow(picture.accounts());
  const lastOffsets = new Map<string, number>();
  const active = new Set<string>();
  for (const { row, value } of findings.readable('streams', picture.streams())) {
    checkState(value, row, findings);
    checkPlace(value, row, lastOffsets, findings);
    checkSlot(value, row, active, findings);
    findings.examine(row, () => checkStreamLog(value, picture, findings, digest));
    findings.examine(row, () => checkPayment(value, row, picture, findings, ledgerIsHere));
  }
  for (const { row, value } of findings.readable('chats', picture.chats())) {
    const last = lastOffsets.get(value.id) ?? 0;
    findings.expectEqual(value.lastOffset, last, 'chat.last-offset', row, 'its last offset');
  }
  checkIntents(picture, findings);
}

function hasRow(rows: Iterable<unknown>): boolean {
  for (const _ of rows) return true;
  return false;
}

function checkState(own: StreamingSessionState, row: string, findings: Findings): void {
  const has = {
    hold: own.hold !== undefined,
    end: own.end !== undefined,
    receipt: own.receipt !== undefined,
  };
  const legal = (): boolean => {
    switch (own.state) {
      case 'opening':
        return !has.hold && !has.end && !has.receipt;
      case 'running':
        return has.hold && !has.end && !has.receipt;
      case 'accepted':
        return has.hold && has.end && has.receipt;
      case 'expired':
        return has.hold && has.end;
      default:
        return has.hold && own.end?.kind === own.state && !has.receipt;
    }
  };
  findings.expect(
    legal(),
    'stream.state',
    row,
    () => `it is ${own.state}, which does not go with the rest of it`,
  );
}

function checkPlace(
  own: StreamingSessionState,
  row: string,
  lastOffsets: Map<string, number>,
  findings: Findings,
): void {
  const before = lastOffsets.get(own.chatId) ?? 0;
  findings.expectEqual(own.firstOffset, before + 1, 'stream.offsets', row, 'its first offset');
  if (own.end === undefined) return;
  findings.expect(
    own.end.lastOffset > own.firstOffset,
    'stream.offsets',
    row,
    () => `it goes from ${own.firstOffset} to ${own.end?.lastOffset}`,
  );
  lastOffsets.set(own.chatId, own.end.lastOffset);
}

function checkSlot(own: StreamingSessionState, row: string, active: Set<string>, findings: Findings): void {
  if (own.state !== 'opening' && own.state !== 'running') return;
  findings.expect(
    !active.has(own.chatId),
    'stream.one-active',
    row,
    () => `chat ${own.chatId} has another stream that is opening or running`,
  );
  active.add(own.chatId);
}

/** An ended stream is owed or paid: its intent is pending, or its hold is closed at the same charge. */
function checkPayment(
  own: StreamingSessionState,
  row: string,
  picture: StorePicture,
  findings: Findings,
  ledgerIsHere: boolean,
): void {
  const { end, hold } = own;
  if (end === undefined || hold === undefined) return;
  const costs = (tokens: number): number =>
    Math.min(chargeFor(tokens, hold.priceMicrosPer1000), hold.amountMicros);
  const owed = costs(end.inputTokens + end.outputTokens);
  findings.expectEqual(end.chargeMicros, owed, 'stream.charge', row, 'its charge');
  const intent = readableOf(picture.intent(own.id));
  if (intent !== undefined) {
    const asked = costs(intent.tokens);
    findings.expectEqual(asked, end.chargeMicros, 'stream.intent', row, 'what its pending intent charges');
    return;
  }
  if (!ledgerIsHere) return;
  const reservation = readableOf(picture.reservation(own.id));
  const { state = 'not there', outcome, lateReport } = reservation ?? {};
  const reported = outcome !== undefined && (state !== 'expired' || lateReport !== undefined);
  findings.expect(
    reported,
    'stream.settled',
    row,
    () => `nothing is pending and its hold was not told of its end: it is ${state}`,
  );
  if (outcome === undefined || state === 'expired') return;
  findings.expectEqual(
    outcome.chargeMicros,
    end.chargeMicros,
    'stream.settled',
    row,
    'what its hold was settled to',
  );
}

function checkIntents(picture: StorePicture, findings: Findings): void {
  for (const { row, value } of findings.readable('settlement_intents', picture.intents())) {
    const stream = readableOf(picture.stream(value.id));
    findings.expect(
      stream === undefined || stream.end !== undefined,
      'intent.ended',
      row,
      () => `its stream is still ${stream?.state}`,
    );
  }
}
