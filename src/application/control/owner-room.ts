import type { Metrics } from '../ports/metrics.ts';

/** Most of one owner's that may be under way at once, whatever it comes by. */
export interface OwnerBounds {
  readonly events: number;
  /** Of all its events together; a single one may have more. */
  readonly bytes: number;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

interface Room {
  events: number;
  bytes: number;
  /** In the order in which they asked; absent until somebody has to wait. */
  waiting: Set<Waiting> | undefined;
}

/**
 * How much of one owner's is in memory between its reading and its verdict, over all of his connections. Nothing is
 * refused: what there is no room for waits, its connection is not read on, and nobody else's waits for it.
 */
export class OwnerRoom {
  readonly #bounds: OwnerBounds;
  readonly #metrics: Pick<Metrics, 'count'>;
  readonly #rooms = new Map<string, Room>();

  constructor(deps: { readonly bounds: OwnerBounds; readonly metrics: Pick<Metrics, 'count'> }) {
    this.#bounds = deps.bounds;
    this.#metrics = deps.metrics;
  }

  /** How many owners have something under way or waiting. */
  get size(): number {
    return this.#rooms.size;
  }

  /**
   * Takes room for one event of an owner's: at once, for which undefined is returned, or once the promise resolves. The
   * promise rejects with the signal's reason when that aborts first; then there is nothing to leave.
   */
  enter(owner: string, bytes: number, gone: AbortSignal): Promise<void> | undefined {
    const room = this.#rooms.get(owner) ?? { events: 0, bytes: 0, waiting: undefined };
    this.#rooms.set(owner, room);
    if (isAwaited(room) || !this.#fits(room, bytes)) return this.#wait(owner, room, bytes, gone);
    take(room, bytes);
    return undefined;
  }

  /** An event that was let in is under way no more. */
  leave(owner: string, bytes: number): void {
    const room = this.#rooms.get(owner);
    if (room === undefined) return;
    room.events -= 1;
    room.bytes -= bytes;
    this.#letIn(owner, room);
  }

  #fits({ events, bytes }: Room, more: number): boolean {
    return events === 0 || (events < this.#bounds.events && bytes + more <= this.#bounds.bytes);
  }

  #wait(owner: string, room: Room, bytes: number, gone: AbortSignal): Promise<void> {
    room.waiting ??= new Set();
    const { waiting: line } = room;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        line.delete(waiting);
        // Whoever stood behind may need less than he did.
        this.#letIn(owner, room);
        reject(gone.reason);
      };
      const waiting: Waiting = {
        bytes,
        enter: () => {
          gone.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      if (gone.aborted) {
        giveUp();
        return;
      }
      if (line.size === 0) this.#metrics.count('holdfast_control_owner_waits_total', { what: 'event' });
      line.add(waiting);
      gone.addEventListener('abort', giveUp, { once: true });
    });
  }

  #letIn(owner: string, room: Room): void {
    for (const waiting of room.waiting ?? []) {
      if (!this.#fits(room, waiting.bytes)) break;
      room.waiting?.delete(waiting);
      take(room, waiting.bytes);
      waiting.enter();
    }
    if (room.events === 0 && !isAwaited(room)) this.#rooms.delete(owner);
  }
}

const isAwaited = ({ waiting }: Room): boolean => waiting !== undefined && waiting.size > 0;

function take(room: Room, bytes: number): void {
  room.events += 1;
  room.bytes += bytes;
}
