import type { Queued } from './byte-queue.ts';
import { MAX_PINNED_RATIO } from './frame.ts';

/** Most bytes of payloads that get memory together: what the last of them, waiting alone, may still pin. */
const TOGETHER_BYTES = 65_536;

/** A payload that waits in a queue. */
export interface Waiting extends Queued {
  payload: Uint8Array;
  /** Whether it looks into the message that it came in, which may be far larger than what waits of it. */
  isBorrowed: boolean;
}

/**
 * Takes borrowed payloads that wait, one behind the other, off the messages that they came in. Those that are most of a
 * message's memory keep it; else they are copied into memory of their own. What comes of one message stays together, since
 * V8 begins a full collection after so many bytes of buffers, and pays for each of them: who waits in one queue leaves in
 * the order in which he came, so that a payload pins those before it for a while, and never another session's.
 */
export function ownTogether(first: Waiting): void {
  for (let item: Waiting | undefined = first; item !== undefined; ) {
    const start: Waiting = item;
    const { buffer } = start.payload;
    let bytes = 0;
    while (item?.isBorrowed && item.payload.buffer === buffer && bytes < TOGETHER_BYTES) {
      bytes += item.payload.length;
      item.isBorrowed = false;
      item = nextOf(item);
    }
    if (item === start) item = nextOf(start);
    else if (buffer.byteLength > bytes * MAX_PINNED_RATIO) copyTogether(start, item, bytes);
  }
}

/** Copies the payloads from one that waits to another, of so many bytes. */
function copyTogether(start: Waiting, end: Waiting | undefined, bytes: number): void {
  // Not by `Buffer.from`, whose small copies share memory with whatever else is made.
  const own = Buffer.alloc(bytes);
  let at = 0;
  for (let item: Waiting | undefined = start; item !== undefined && item !== end; item = nextOf(item)) {
    const to = at + item.payload.length;
    own.set(item.payload, at);
    item.payload = own.subarray(at, to);
    at = to;
  }
}

const nextOf = (item: Waiting): Waiting | undefined => item.next as Waiting | undefined;
