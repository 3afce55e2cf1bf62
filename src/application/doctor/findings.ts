import { PortError } from '../ports/port-error.ts';
import type { Page, Seen } from '../ports/store-inspection.ts';

/** A row that breaks a promise of the store. */
export interface Finding {
  /** The promise, such as `account.sums`. */
  readonly promise: string;
  /** The row's name, `table/key`. */
  readonly row: string;
  /** What is wrong with it, as a sentence with the figures. */
  readonly problem: string;
}

/** Gathers findings while checks go through a store. */
export class Findings {
  readonly #found: Finding[] = [];
  readonly #checked = new Map<string, number>();

  /** Notes `problem` unless the promise holds. */
  expect(holds: boolean, promise: string, row: string, problem: () => string): void {
    if (!holds) this.#found.push({ promise, row, problem: problem() });
  }

  /** Notes an amount that is not what it must be. */
  expectEqual(actual: number, expected: number, promise: string, row: string, what: string): void {
    this.expect(actual === expected, promise, row, () => `${what} is ${actual} and should be ${expected}`);
  }

  /** Carries out a row's checks; a row so wrong that they cannot be carried out is a finding itself. */
  examine(row: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (error instanceof PortError) throw error;
      this.expect(false, 'row.sound', row, () => `it makes no sense: ${(error as Error).message}`);
    }
  }

  /** The readable rows of a table, page by page, each counted; one that cannot be read back is a finding. */
  async *readable<Value>(
    table: string,
    pages: AsyncIterable<Page<Value>>,
  ): AsyncGenerator<ReadonlyArray<{ readonly row: string; readonly value: Value }>> {
    let count = 0;
    for await (const page of pages) {
      count += page.length;
      const rows: Array<{ row: string; value: Value }> = [];
      for (const seen of page) {
        if ('value' in seen) {
          rows.push(seen);
          this.expect(seen.amiss === undefined, 'row.kept', seen.row, () => `${seen.amiss}`);
        } else {
          this.expect(false, 'row.readable', seen.row, () => `it cannot be read back: ${seen.unreadable}`);
        }
      }
      yield rows;
    }
    this.#checked.set(table, count);
  }

  /** What was found, in the order of the checks. */
  get found(): readonly Finding[] {
    return this.#found;
  }

  /** How many rows of each table were looked at. */
  get checked(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#checked);
  }
}

/** True when a table has a row, readable or not. */
export async function hasRow(pages: AsyncIterable<Page<unknown>>): Promise<boolean> {
  for await (const page of pages) if (page.length > 0) return true;
  return false;
}

/** The value of a looked-up row; undefined when it is missing or cannot be read (which its own check reports). */
export const readableOf = <Value>(seen: Seen<Value> | undefined): Value | undefined =>
  seen !== undefined && 'value' in seen ? seen.value : undefined;
