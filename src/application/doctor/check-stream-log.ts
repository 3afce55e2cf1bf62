import { microsToCredits } from '../../domain/accounting/credits.ts';
import { isTerminal, type StreamEvent, transcriptOf } from '../../domain/streaming/stream-event.ts';
import type { StreamEnd, StreamingSessionState } from '../../domain/streaming/streaming-session.ts';
import type { Digest } from '../ports/digest.ts';
import type { InspectedLog, Seen } from '../ports/store-inspection.ts';
import type { Findings } from './findings.ts';

/** Proves a stream's log: whole, in order, ended exactly when the stream is, and what its end says of it. */
export function checkStreamLog(
  own: StreamingSessionState,
  seen: Seen<InspectedLog> | undefined,
  findings: Findings,
  digest: Digest,
): void {
  const row = seen?.row ?? `streams/${own.id}`;
  const kept = own.state !== 'opening' && own.state !== 'expired';
  findings.expect(
    kept === (seen !== undefined),
    'log.kept',
    row,
    () => `the stream is ${own.state} and its log is ${seen === undefined ? 'not there' : 'there'}`,
  );
  if (seen === undefined || !kept) return;
  if (!('value' in seen)) {
    findings.expect(false, 'row.readable', row, () => `it cannot be read back: ${seen.unreadable}`);
    return;
  }
  checkOffsets(own, seen.value, row, findings);
  checkFirst(own, seen.value.events[0], row, findings);
  checkEnd(own, seen.value.events, row, findings, digest);
}

function checkOffsets(own: StreamingSessionState, log: InspectedLog, row: string, findings: Findings): void {
  log.events.forEach((event, index) => {
    const expected = own.firstOffset + index;
    findings.expectEqual(event.offset, expected, 'log.offsets', row, `the offset of event ${index + 1}`);
    const before = log.events[index - 1]?.outputTokens ?? 0;
    // A good end tells the upstream's own count, which may be below the one that was kept meanwhile.
    findings.expect(
      event.type === 'done' || event.outputTokens >= before,
      'log.tokens',
      row,
      () => `event ${event.offset} knows of ${event.outputTokens} tokens, the one before it of ${before}`,
    );
  });
  const last = log.events.at(-1)?.offset ?? 0;
  if (own.end !== undefined) {
    findings.expectEqual(last, own.end.lastOffset, 'log.last-offset', row, 'the offset of its last event');
  }
  if (log.lastOffset !== undefined) {
    findings.expectEqual(log.lastOffset, last, 'log.last-offset', row, 'its noted last offset');
  }
}

function checkFirst(
  own: StreamingSessionState,
  first: StreamEvent | undefined,
  row: string,
  findings: Findings,
): void {
  const named = first?.type === 'session' ? dataOf(first).streamingSessionId : undefined;
  findings.expect(named === own.id, 'log.session', row, () => 'it does not begin with its session event');
}

function checkEnd(
  own: StreamingSessionState,
  events: readonly StreamEvent[],
  row: string,
  findings: Findings,
  digest: Digest,
): void {
  const terminals = events.filter(isTerminal);
  const last = events.at(-1);
  if (own.end === undefined) {
    findings.expectEqual(terminals.length, 0, 'log.one-end', row, 'the count of its terminal events');
    return;
  }
  findings.expectEqual(terminals.length, 1, 'log.one-end', row, 'the count of its terminal events');
  if (last === undefined || !isTerminal(last)) {
    findings.expect(false, 'log.one-end', row, () => 'its last event is not its end');
    return;
  }
  checkFigures(own.end, last, row, findings);
  if (last.type !== 'done') return;
  const said = dataOf(last).textSha256;
  const is = digest.sha256Hex(transcriptOf(events));
  findings.expect(said === is, 'log.hash', row, () => `its end says ${said} and its text has ${is}`);
}

function checkFigures(end: StreamEnd, last: StreamEvent, row: string, findings: Findings): void {
  const data = dataOf(last);
  const tokens = end.inputTokens + end.outputTokens;
  const credits = microsToCredits(end.chargeMicros);
  findings.expect(
    data.tokensUsed === tokens && data.creditsCharged === credits,
    'log.figures',
    row,
    () =>
      `its end says ${data.tokensUsed} tokens for ${data.creditsCharged} credits, the stream ${tokens} for ${credits}`,
  );
}

/** The data of an event; nothing when its text is no object, which then fails whatever is expected of it. */
function dataOf(event: StreamEvent): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(event.json);
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
