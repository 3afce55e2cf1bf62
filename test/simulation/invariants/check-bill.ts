import { createHash } from 'node:crypto';
import { chargeFor } from '../../../src/domain/accounting/credits.ts';
import { transcriptOf } from '../../../src/domain/streaming/stream-event.ts';
import type { JournalOfRun } from '../world/journal-of-run.ts';
import type { WatchedStream } from './stream-invariants.ts';

/**
 * Whether a stream that has just ended is billed within the rules: nothing before the model was asked, at least what
 * its log and its hold's checkpoint prove, at most what its node got from the model, and never more than was held.
 *
 * @param given who has ended it, and whether its node's name had been taken: a node that knows that it has lost a stream
 *   knows no more of it than others do.
 */
export function checkBill(
  watched: WatchedStream,
  { by, isTaken }: { readonly by: string; readonly isTaken: boolean },
  journal: JournalOfRun,
): void {
  const { session, events, call } = watched;
  const { id, end, hold, promptTokens } = session;
  if (end === undefined || hold === undefined) {
    journal.fail(`${id} has ended without an end or a hold`);
    return;
  }
  const { inputTokens, outputTokens, chargeMicros, kind } = end;
  const told = `${id} (${kind}) is billed ${inputTokens} + ${outputTokens} tokens`;
  const chunks = events.filter(({ type }) => type === 'chunk');
  const proved = chunks.at(-1)?.outputTokens ?? 0;
  const got = Math.min(call?.tokens ?? 0, hold.maxOutputTokens);
  const free = inputTokens === 0 && outputTokens === 0;
  journal.expect(call !== undefined || free, () => `${told} and no model was asked`);
  journal.expect(free || inputTokens === promptTokens, () => `${told} for a prompt of ${promptTokens}`);
  journal.expect(outputTokens >= proved, () => `${told} and its log proves ${proved}`);
  journal.expect(outputTokens <= got, () => `${told} and its node got ${got}`);
  journal.expect(!free || chunks.length === 0, () => `${told} and its log has chunks`);
  const isOwn = by === watched.driver;
  const isWhole = kind === 'finished' || (kind === 'stopped' && isOwn && !isTaken);
  journal.expect(!isWhole || call === undefined || !free, () => `${told} and its model was asked`);
  checkProof(watched, { by, isOwn, proved }, journal);
  const owed = Math.min(chargeFor(inputTokens + outputTokens, hold.priceMicrosPer1000), hold.amountMicros);
  journal.expect(chargeMicros === owed, () => `${told}: ${chargeMicros} micros instead of ${owed}`);
  checkHash(watched, journal);
}

/**
 * Who does not drive a stream knows its log and what accounting told him, and no more; who drives it has told accounting
 * no more than he knows.
 */
function checkProof(
  { session, checkpoint, told }: WatchedStream,
  { by, isOwn, proved }: { readonly by: string; readonly isOwn: boolean; readonly proved: number },
  journal: JournalOfRun,
): void {
  const { id, end, promptTokens } = session;
  if (end === undefined || (isOwn && (end.kind === 'finished' || end.kind === 'failed'))) return;
  const heard = told.get(by) ?? [];
  const bill = `${id} (${end.kind}) is billed ${end.inputTokens} + ${end.outputTokens} tokens by ${by}`;
  const least = heard.length > 0 ? Math.min(...heard) : isOwn ? checkpoint : 0;
  journal.expect(isOwn || heard.length > 0, () => `${bill}, which did not ask for its checkpoint`);
  const billed = end.inputTokens + end.outputTokens;
  journal.expect(billed >= least, () => `${bill}, and its hold proves ${least}`);
  const known = heard.map((tokens) => Math.max(proved, tokens - promptTokens));
  const isProved = end.kind !== 'finished' && end.kind !== 'failed' && known.includes(end.outputTokens);
  journal.expect(isOwn || isProved, () => `${bill}, and ${known.join(' or ')} are proved`);
}

/** The end names the text that the log has. */
function checkHash({ session, events }: WatchedStream, journal: JournalOfRun): void {
  const last = events.at(-1);
  if (last?.type !== 'done') return;
  const said = (JSON.parse(last.json) as { textSha256: string }).textSha256;
  const is = createHash('sha256').update(transcriptOf(events), 'utf8').digest('hex');
  journal.expect(said === is, () => `the end of ${session.id} names another text than its log has`);
}
