import { invariant } from '../../../../domain/invariant.ts';

/**
 * Smallest and largest pieces that are kept for reuse, in bytes; larger ones are made and let go. The largest holds what a
 * connection writes in one turn, the longest payload and the answers among it: whatever is made and let go for each turn
 * sets off full collections.
 */
export const MIN_POOLED_BYTES = 256;
export const MAX_POOLED_BYTES = 262_144;
/** Most bytes that one pool keeps for reuse unless told otherwise. */
const DEFAULT_KEPT_BYTES = 4_194_304;

/** Memory that its taker alone writes to and reads until he gives it back. */
export interface PooledBuffer {
  /** Exactly as long as was asked for, and all zeros. */
  readonly bytes: Buffer;
  /**
   * Gives it back: zeroed before anybody else gets it. Nothing may look at it any more.
   *
   * @throws InvariantViolation when it was given back before.
   */
  release(): void;
}

/**
 * Memory for messages on their way, reused in powers of two. Everything is zeroed when it comes back, so that whatever a
 * later message forgets to write is zeros and never another session's bytes.
 */
export class BufferPool {
  readonly #maxKeptBytes: number;
  /** Pieces that wait, by the power of two that they are of. */
  readonly #kept = new Map<number, Buffer[]>();
  #keptBytes = 0;
  #lentBytes = 0;

  constructor(maxKeptBytes: number = DEFAULT_KEPT_BYTES) {
    this.#maxKeptBytes = maxKeptBytes;
  }

  /** How much is kept for reuse, in bytes. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** How much has been taken and not given back, in bytes. */
  get lentBytes(): number {
    return this.#lentBytes;
  }

  /** Takes memory of a length. */
  take(length: number): PooledBuffer {
    invariant(Number.isSafeInteger(length) && length >= 0, 'not a length', length);
    const size = sizeFor(length);
    const kept = this.#kept.get(size)?.pop();
    if (kept !== undefined) this.#keptBytes -= size;
    const piece = kept ?? Buffer.alloc(size);
    this.#lentBytes += size;
    const bytes = piece.subarray(0, length);
    let isLent = true;
    const release = (): void => {
      invariant(isLent, 'a buffer is given back once');
      isLent = false;
      this.#lentBytes -= size;
      // What lies behind `bytes` nobody could write to.
      bytes.fill(0);
      this.#keep(piece, size);
    };
    return { bytes, release };
  }

  #keep(piece: Buffer, size: number): void {
    if (size > MAX_POOLED_BYTES || this.#keptBytes + size > this.#maxKeptBytes) return;
    const waiting = this.#kept.get(size) ?? [];
    waiting.push(piece);
    this.#kept.set(size, waiting);
    this.#keptBytes += size;
  }
}

/** The power of two that a length fits into; beyond the largest that is kept, the length itself. */
function sizeFor(length: number): number {
  if (length > MAX_POOLED_BYTES) return length;
  return Math.max(MIN_POOLED_BYTES, 2 ** Math.ceil(Math.log2(Math.max(1, length))));
}
