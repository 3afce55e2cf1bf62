import type { LoginEnd } from '../../../../application/ports/identity/login-ends.ts';
import type {
  Revocation,
  RevocationLog,
  RevocationRange,
} from '../../../../application/ports/identity/revocation-log.ts';
import type { ApiKeyId, LoginSessionId, UserId } from '../../../../domain/identity/ids.ts';
import type { Connection } from '../connection.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import type { Row } from './identity-rows.ts';

/** The ends of logins in the embedded store, written by its triggers and by changes of accounts. */
export class SqliteRevocationLog implements RevocationLog {
  readonly #store: SqliteStore;

  constructor(store: SqliteStore) {
    this.#store = store;
  }

  after(sequence: number, limit: number): Promise<readonly Revocation[] | 'lost'> {
    return this.#store.read((db) => {
      // The rows first: were some of them forgotten between the two looks, the range would still tell.
      const rows = db
        .prepare('SELECT * FROM revocations WHERE sequence > ? ORDER BY sequence LIMIT ?')
        .all(sequence, limit);
      const { floor, head } = rangeIn(db);
      return sequence < floor || sequence > head ? 'lost' : rows.map(revocationFrom);
    });
  }

  range(): Promise<RevocationRange> {
    return this.#store.read(rangeIn);
  }
}

function rangeIn(db: Pick<Connection, 'prepare'>): RevocationRange {
  const row = db
    .prepare(
      `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revocations'), 0) AS head,
         (SELECT min(sequence) FROM revocations) AS oldest`,
    )
    .get();
  const head = Number(row?.head);
  return { floor: row?.oldest == null ? head : (row.oldest as number) - 1, head };
}

/** A stored end. */
export const revocationFrom = (row: Row): Revocation => ({
  sequence: row.sequence as number,
  atMs: row.at_ms as number,
  end: endFrom(row),
});

function endFrom({ kind, id, closed }: Row): LoginEnd {
  if (kind === 'session') return { loginSessionId: id as LoginSessionId };
  if (kind === 'key') return { apiKeyId: id as ApiKeyId };
  return { userId: id as UserId, ...(closed === 1 ? { closed: true } : {}) };
}
