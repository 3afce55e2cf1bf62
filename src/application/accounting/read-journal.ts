import type { JournalRow, ReservationLedger } from '../ports/accounting/reservation-ledger.ts';

/** A page of the journal, oldest first. */
export interface JournalPage {
  readonly rows: readonly JournalRow[];
  /** Where the next page begins: the last cursor read, or the one that was asked with when nothing came. */
  readonly nextCursor: number;
  /** Whether there was more when the page was read. */
  readonly hasMore: boolean;
}

/** Reads the journal page by page. Reading on from `nextCursor` misses nothing and repeats nothing. */
export class ReadJournal {
  readonly #deps: { ledger: ReservationLedger };

  constructor(deps: { ledger: ReservationLedger }) {
    this.#deps = deps;
  }

  /** @throws PortError. */
  async execute(command: { afterCursor: number; limit: number }): Promise<JournalPage> {
    const { afterCursor, limit } = command;
    const read = await this.#deps.ledger.journal({ afterCursor, limit: limit + 1 });
    const rows = read.slice(0, limit);
    return { rows, nextCursor: rows.at(-1)?.cursor ?? afterCursor, hasMore: read.length > limit };
  }
}
