import { parseEventLines } from '../../../../domain/streaming/event-lines.ts';
import type { StreamEvent } from '../../../../domain/streaming/stream-event.ts';

/** Size that a buffer begins with, in bytes; it doubles when it is full. */
const FIRST_BYTES = 512;
/** Most bytes of UTF-8 that one UTF-16 code unit comes to. */
const MAX_BYTES_OF_UNIT = 3;

/**
 * The stored events of a running stream, as the bytes of their lines. Every token of every stream is kept until its
 * stream ends, and as objects they would be most of what the garbage collector walks through.
 */
export class EventBuffer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  #nextOffset = 1;
  /** For each append the offset of its first event, and where its bytes end. */
  readonly #firstOffsets: number[] = [];
  readonly #ends: number[] = [];

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** The offset after the last event; 1 while there is none. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Adds consecutive events whose lines are `lines`; their offsets follow the last one's, or begin the log. */
  append(firstOffset: number, count: number, lines: string): void {
    this.#makeRoom(lines.length * MAX_BYTES_OF_UNIT);
    this.#length += this.#bytes.write(lines, this.#length);
    this.#firstOffsets.push(firstOffset);
    this.#ends.push(this.#length);
    this.#nextOffset = firstOffset + count;
  }

  /** Events after an offset, in order, at most `limit`. */
  read(afterOffset: number, limit: number): StreamEvent[] {
    const from = Math.max(afterOffset + 1, this.#firstOffsets[0] ?? 0);
    if (from >= this.#nextOffset) return [];
    const first = this.#appendOf(from);
    const last = this.#appendOf(from + limit - 1);
    const firstOffset = this.#firstOffsets[first] ?? 0;
    const text = this.#bytes.toString('utf8', this.#ends[first - 1] ?? 0, this.#ends[last]);
    return parseEventLines(text, firstOffset).slice(from - firstOffset, from - firstOffset + limit);
  }

  /** All lines. */
  text(): string {
    return this.#bytes.toString('utf8', 0, this.#length);
  }

  /** Index of the append that an offset belongs to; the last one for offsets beyond the end. */
  #appendOf(offset: number): number {
    let low = 0;
    let high = this.#firstOffsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#firstOffsets[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
