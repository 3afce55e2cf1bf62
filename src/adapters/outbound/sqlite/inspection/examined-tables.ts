import type { Page, Seen } from '../../../../application/ports/store-inspection.ts';
import type { Row } from '../accounting/ledger-rows.ts';
import type { Connection } from '../connection.ts';

/** Rows that are looked at together. */
const ROWS_AT_ONCE = 500;

/** Reads tables of which nothing is sure. */
export class ExaminedTables {
  readonly #db: Pick<Connection, 'prepare'>;

  constructor(db: Pick<Connection, 'prepare'>) {
    this.#db = db;
  }

  /** The rows of a query, page by page; each is named by its table and its key's column. */
  async *each<Value>(
    table: string,
    key: string,
    sql: string,
    read: (row: Row) => Value,
    atOnce = ROWS_AT_ONCE,
    amiss: (row: Row) => string | undefined = () => undefined,
  ): AsyncGenerator<Page<Value>> {
    let page: Array<Seen<Value>> = [];
    for (const row of this.#db.prepare(sql).iterate() as Iterable<Row>) {
      page.push(
        seenAs(
          `${table}/${row[key]}`,
          () => read(row),
          () => amiss(row),
        ),
      );
      if (page.length < atOnce) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  /** The rows that a query has for keys, by these. */
  of<Value>(
    table: string,
    sql: string,
    keys: readonly string[],
    read: (row: Row) => Value,
  ): Map<string, Seen<Value>> {
    const byKey = this.#db.prepare(sql);
    const found = new Map<string, Seen<Value>>();
    for (const key of new Set(keys)) {
      const row = byKey.get(key);
      if (row !== undefined)
        found.set(
          key,
          seenAs(`${table}/${key}`, () => read(row)),
        );
    }
    return found;
  }
}

/** A row, or why it cannot be read back. */
export function seenAs<Value>(
  row: string,
  read: () => Value,
  amissOf: () => string | undefined = () => undefined,
): Seen<Value> {
  try {
    const value = read();
    const amiss = amissOf();
    return amiss === undefined ? { row, value } : { row, value, amiss };
  } catch (error) {
    return { row, unreadable: said(error) };
  }
}

/** What an error says. */
export const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
