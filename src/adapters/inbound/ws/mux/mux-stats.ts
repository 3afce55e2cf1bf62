import type { CloseCode, ErrorCode } from './codes.ts';
import { Traffic } from './traffic.ts';
import { WaitTimes } from './wait-times.ts';

/** What sessions of one kind came to. */
export class KindStats {
  /** Of the sessions that are over; those that are open count for themselves. */
  readonly over = new Traffic();
  /** How long frames of clients waited to be acted on, and those to clients to be sent. */
  readonly waitsIn = new WaitTimes();
  readonly waitsOut = new WaitTimes();
}

/** Why a frame was passed over without an answer. */
export type DropCause = 'unknown-handle' | 'closed-handle';

/** How a resume ended: with everything after the client's offset, with a gap, or refused. */
export type ResumeOutcome = 'recovered' | 'gap' | 'refused';

/** What the connections of this process came to, counted as it happens and read when somebody looks. */
export class MuxStats {
  readonly kinds = new Map<string, KindStats>();
  readonly errors = new Map<ErrorCode, number>();
  readonly sessionCloses = new Map<CloseCode, number>();
  readonly connectionCloses = new Map<CloseCode, number>();
  readonly drops: Record<DropCause, number> = { 'unknown-handle': 0, 'closed-handle': 0 };
  readonly resumes: Record<ResumeOutcome, number> = { recovered: 0, gap: 0, refused: 0 };
  opened = 0;
  /** Rounds that sessions took turns in, on connections that are gone. */
  roundsIn = 0;
  roundsOut = 0;

  /** Names are those of the kinds that there are. */
  ofKind(name: string): KindStats {
    const known = this.kinds.get(name);
    if (known !== undefined) return known;
    const stats = new KindStats();
    this.kinds.set(name, stats);
    return stats;
  }

  /** A connection is gone, whose sessions took turns in so many rounds. */
  addRounds(rounds: { readonly in: number; readonly out: number }): void {
    this.roundsIn += rounds.in;
    this.roundsOut += rounds.out;
  }

  error(code: ErrorCode): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }

  closedSession(code: CloseCode): void {
    this.sessionCloses.set(code, (this.sessionCloses.get(code) ?? 0) + 1);
  }

  closedConnection(code: CloseCode): void {
    this.connectionCloses.set(code, (this.connectionCloses.get(code) ?? 0) + 1);
  }
}
