import { invariant } from '../../../../domain/invariant.ts';
import { eventLine } from '../../../../domain/streaming/event-lines.ts';
import type { StreamId } from '../../../../domain/streaming/stream-id.ts';
import type { SqliteStore } from '../sqlite-store.ts';
import { EventBuffer } from './event-buffer.ts';
import { groupHeading, parseEventGroups } from './event-text.ts';

/** Old groups of events are removed once so many can be, and at most so many in one transaction. */
const PRUNE_FROM_GROUPS = 256;
const MAX_PRUNED_GROUPS = 512;

/** The stored events of one stream that has not ended. */
export class RunningLog {
  readonly id: StreamId;
  /** What names this stream in a group of events. */
  readonly heading: string;
  /** No group before this one has an event of this stream. */
  readonly firstBatchId: number;
  /** What is on the disk, in order; a transcript is bounded, and so is this. */
  readonly events = new EventBuffer();
  /** False until its first event is stored. */
  isRunning = false;
  /** The write of this stream that is under way; there is one at most, so whoever comes second waits or is refused. */
  busy: Promise<unknown> | undefined;

  constructor(id: StreamId, firstBatchId: number) {
    this.id = id;
    this.heading = groupHeading(id);
    this.firstBatchId = firstBatchId;
  }

  get nextOffset(): number {
    return this.events.nextOffset;
  }

  /** Resolves when no write of this stream is under way, whatever became of it. */
  async idle(): Promise<void> {
    while (this.busy !== undefined) await this.busy.catch(() => {});
  }

  /** Marks the log as being written until `write` has ended, and passes its outcome on. */
  async during<Out>(write: Promise<Out>): Promise<Out> {
    this.busy = write;
    try {
      return await write;
    } finally {
      this.busy = undefined;
    }
  }
}

/**
 * The logs of all streams that have not ended, in memory. This process is the store's only writer (it has
 * claimed the data folder), so what is here decides which append or end comes first; a start reads it back.
 */
export class RunningLogs {
  readonly #store: SqliteStore;
  readonly #logs = new Map<StreamId, RunningLog>();
  #nextBatchId = 1;
  #oldestBatchId = 1;
  #pruning = false;

  private constructor(store: SqliteStore) {
    this.#store = store;
  }

  /** Reads the running streams' events back from the groups they were committed in. */
  static async restore(store: SqliteStore): Promise<RunningLogs> {
    const logs = new RunningLogs(store);
    await store.read((db) => {
      const ids = db.prepare(`SELECT id FROM streams WHERE state = 'running' ORDER BY seq`).all();
      for (const { id } of ids) logs.#logs.set(id as StreamId, new RunningLog(id as StreamId, 0));
      for (const row of db.prepare('SELECT id, body FROM event_batches ORDER BY id').iterate()) {
        logs.#takeBack(row as unknown as { id: number; body: string });
      }
    });
    void logs.prune();
    return logs;
  }

  get(id: StreamId): RunningLog | undefined {
    return this.#logs.get(id);
  }

  /** The number of the next group of events; groups are numbered in the order they are asked for. */
  takeBatchId(): number {
    const id = this.#nextBatchId;
    this.#nextBatchId += 1;
    return id;
  }

  /** Makes room for a stream whose first event is about to be stored as the group `batchId`. */
  begin(id: StreamId, batchId: number): RunningLog {
    invariant(!this.#logs.has(id), 'a stream begins once');
    const log = new RunningLog(id, batchId);
    this.#logs.set(id, log);
    return log;
  }

  /** Forgets a stream that has ended or never began. */
  drop(id: StreamId): void {
    this.#logs.delete(id);
  }

  /**
   * Removes groups that have no running stream's events any more, a bounded number in one transaction. A prune
   * that fails is made up for by the next one.
   */
  async prune(): Promise<void> {
    if (this.#pruning) return;
    this.#pruning = true;
    try {
      for (;;) {
        const fromId = this.#oldestBatchId;
        const belowId = Math.min(this.#lowestNeeded(), fromId + MAX_PRUNED_GROUPS);
        if (belowId - fromId < PRUNE_FROM_GROUPS) return;
        await this.#store.write('streaming.prune-events', { fromId, belowId }, 'normal');
        this.#oldestBatchId = belowId;
      }
    } catch {
      // Nothing is lost by groups that stay; the store's state is seen by every other write.
    } finally {
      this.#pruning = false;
    }
  }

  #lowestNeeded(): number {
    let lowest = this.#nextBatchId;
    for (const { firstBatchId } of this.#logs.values()) lowest = Math.min(lowest, firstBatchId);
    return lowest;
  }

  #takeBack({ id: batchId, body }: { id: number; body: string }): void {
    if (this.#nextBatchId === 1) this.#oldestBatchId = batchId;
    this.#nextBatchId = batchId + 1;
    const wants = (id: StreamId): boolean => this.#logs.has(id);
    parseEventGroups(body, wants, (id, event) => {
      const known = this.#logs.get(id);
      if (known === undefined) return;
      const log = known.isRunning ? known : new RunningLog(id, batchId);
      log.isRunning = true;
      invariant(log.events.isEmpty || event.offset === log.nextOffset, 'stored events have no gap');
      log.events.append(event.offset, 1, eventLine(event));
      this.#logs.set(id, log);
    });
  }
}
