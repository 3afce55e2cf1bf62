import type { CreditReservationState } from '../../domain/accounting/credit-reservation.ts';
import { chargeFor } from '../../domain/accounting/credits.ts';
import type { StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { SettlementIntent } from '../ports/accounting/credit-holds.ts';
import type { Digest } from '../ports/digest.ts';
import type { Found, InspectedChat, Seen, StorePicture } from '../ports/store-inspection.ts';
import { checkMessages, checkMessagesOf } from './check-messages.ts';
import { checkStreamLog } from './check-stream-log.ts';
import { type Findings, hasRow, readableOf } from './findings.ts';

/**
 * Proves that every chat is somebody's, that its streams follow one another, are in legal states and are paid for, and that
 * its messages are what they were asked and have answered.
 */
export async function checkStreams(picture: StorePicture, findings: Findings, digest: Digest): Promise<void> {
  const ledgerIsHere = (await hasRow(picture.reservations())) || (await hasRow(picture.accounts()));
  const lastOffsets = new Map<string, number>();
  const active = new Map<string, string>();
  for await (const rows of findings.readable('streams', picture.streams())) {
    const ids = rows.map(({ value }) => value.id);
    const logs = await picture.logsOf(rows.map(({ value }) => value));
    const intents = await picture.intentsOf(ids);
    const reservations = ledgerIsHere ? await picture.reservationsOf(ids) : undefined;
    const chats = await picture.chatsOf(rows.map(({ value }) => value.chatId));
    const messages = await picture.messagesOf(rows.map(({ value }) => value));
    for (const { row, value } of rows) {
      checkState(value, row, findings);
      checkChatOf(value, row, chats, findings);
      checkPlace(value, row, lastOffsets, findings);
      checkSlot(value, row, active, findings);
      findings.examine(row, () => checkStreamLog(value, logs.get(value.id), findings, digest));
      findings.examine(row, () => checkPayment(value, row, { intents, reservations }, findings));
      const told = { messages: messages.get(value.id) ?? [], log: logs.get(value.id) };
      findings.examine(row, () => checkMessagesOf(value, row, told, findings));
    }
  }
  const usersAreHere = await hasRow(picture.identity.users());
  for await (const rows of findings.readable('chats', picture.chats())) {
    const users = await picture.identity.usersOf(rows.map(({ value }) => value.owner));
    for (const { row, value } of rows) {
      checkChat(value, row, lastOffsets, active, findings);
      const isOwned = !usersAreHere || users.has(value.owner);
      findings.expect(isOwned, 'chat.owner', row, () => `its owner ${value.owner} is not there`);
    }
  }
  await checkMessages(picture, findings);
  await checkIntents(picture, findings);
}

function checkChat(
  own: InspectedChat,
  row: string,
  lastOffsets: ReadonlyMap<string, number>,
  active: ReadonlyMap<string, string>,
  findings: Findings,
): void {
  const last = lastOffsets.get(own.id) ?? 0;
  findings.expectEqual(own.lastOffset, last, 'chat.last-offset', row, 'its last offset');
  const has = active.get(own.id) ?? 'free';
  findings.expect(
    own.slot === undefined || own.slot === has,
    'chat.slot',
    row,
    () => `its slot is noted as ${own.slot} and is ${has}`,
  );
}

function checkChatOf(
  own: StreamingSessionState,
  row: string,
  chats: Found<Seen<InspectedChat>>,
  findings: Findings,
): void {
  const found = chats.get(own.chatId);
  findings.expect(found !== undefined, 'stream.chat', row, () => `its chat ${own.chatId} is not there`);
  const owner = readableOf(found)?.owner ?? own.owner;
  findings.expect(
    owner === own.owner,
    'stream.chat',
    row,
    () => `it is ${own.owner}'s, and its chat is ${owner}'s`,
  );
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

function checkSlot(
  own: StreamingSessionState,
  row: string,
  active: Map<string, string>,
  findings: Findings,
): void {
  if (own.state !== 'opening' && own.state !== 'running') return;
  findings.expect(
    !active.has(own.chatId),
    'stream.one-active',
    row,
    () => `chat ${own.chatId} has another stream that is opening or running`,
  );
  active.set(own.chatId, own.id);
}

/** What is owed for a page of streams, and what was paid: undefined where the ledger is in another store. */
interface Debts {
  readonly intents: Found<Seen<SettlementIntent>>;
  readonly reservations: Found<Seen<CreditReservationState>> | undefined;
}

/** An ended stream is owed or paid: its intent is pending, or its hold is closed at the same charge. */
function checkPayment(
  own: StreamingSessionState,
  row: string,
  { intents, reservations }: Debts,
  findings: Findings,
): void {
  const { end, hold } = own;
  if (end === undefined || hold === undefined) return;
  const costs = (tokens: number): number =>
    Math.min(chargeFor(tokens, hold.priceMicrosPer1000), hold.amountMicros);
  const owed = costs(end.inputTokens + end.outputTokens);
  findings.expectEqual(end.chargeMicros, owed, 'stream.charge', row, 'its charge');
  const intent = readableOf(intents.get(own.id));
  if (intent !== undefined) {
    const asked = costs(intent.tokens);
    findings.expectEqual(asked, end.chargeMicros, 'stream.intent', row, 'what its pending intent charges');
    return;
  }
  if (reservations === undefined) return;
  const reservation = readableOf(reservations.get(own.id));
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

async function checkIntents(picture: StorePicture, findings: Findings): Promise<void> {
  for await (const rows of findings.readable('settlement_intents', picture.intents())) {
    const streams = await picture.streamsOf(rows.map(({ value }) => value.id));
    for (const { row, value } of rows) {
      const stream = readableOf(streams.get(value.id));
      findings.expect(
        stream === undefined || stream.end !== undefined,
        'intent.ended',
        row,
        () => `its stream is still ${stream?.state}`,
      );
    }
  }
}
