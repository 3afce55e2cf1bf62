import { randomBytes } from 'node:crypto';
import { PortError } from '../../../../application/ports/port-error.ts';
import type { UserId } from '../../../../domain/identity/ids.ts';
import type { AccountOperation } from './account-operations.ts';
import { BatchCommit, type BatchDeps } from './batch-commit.ts';

/** Most operations that wait for a write, of all accounts; more are refused as `unavailable`. */
const MAX_WAITING = 20_000;
/** Most operations of one write. */
const MAX_BATCH = 256;

interface Waiting {
  readonly operation: AccountOperation<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Decides on accounts and stores what was decided. Operations on one account that come while a write is under way
 * share the next one: many callers, one round trip, and each gets his own answer or refusal.
 */
export class AccountWriter {
  readonly #deps: BatchDeps;
  readonly #queues = new Map<UserId, Waiting[]>();
  readonly #mark = randomBytes(6).toString('base64url');
  #writes = 0;
  #waiting = 0;

  constructor(deps: BatchDeps) {
    this.#deps = deps;
  }

  /**
   * Carries an operation out and resolves when it is stored.
   *
   * @throws DomainError that the operation threw. PortError `unavailable` when nothing was written, `timeout` when
   *   that is not known.
   */
  perform<Out>(userId: UserId, operation: AccountOperation<Out>): Promise<Out> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#waiting >= MAX_WAITING) {
        reject(new PortError('unavailable', 'store', 'too many operations wait for MongoDB'));
        return;
      }
      this.#waiting += 1;
      const queue = this.#queues.get(userId);
      if (queue !== undefined) {
        queue.push({ operation, resolve, reject });
        return;
      }
      this.#queues.set(userId, [{ operation, resolve, reject }]);
      // What this turn of the event loop brings shares the first write as well.
      setImmediate(() => void this.#work(userId));
    }) as Promise<Out>;
  }

  async #work(userId: UserId): Promise<void> {
    const queue = this.#queues.get(userId) ?? [];
    while (queue.length > 0) {
      const batch = queue.splice(0, MAX_BATCH);
      this.#writes += 1;
      const operations = batch.map(({ operation }) => operation);
      try {
        const commit = new BatchCommit(this.#deps, userId, operations, `${this.#mark}${this.#writes}`);
        const outcomes = await commit.run();
        batch.forEach(({ resolve, reject }, place) => {
          const outcome = outcomes[place];
          if (outcome !== undefined && 'value' in outcome) resolve(outcome.value);
          else reject(outcome?.error);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      this.#waiting -= batch.length;
    }
    this.#queues.delete(userId);
  }
}
