import type { Metrics } from '../../../application/ports/metrics.ts';
import type { SubscriberOwner } from '../../../domain/multiplexing/subscriber-owner.ts';

/** A connection whose reading can be held. */
export interface HeldReader {
  readonly owner: SubscriberOwner;
  /** Reads nothing more until it is let go. */
  hold(): void;
  letGo(): void;
}

interface Reading {
  readonly readers: Set<HeldReader>;
  /** Of messages that have been read and not been acted on. */
  bytes: number;
  isHeld: boolean;
}

/**
 * Reads no more of one owner's messages than he may have in memory, over all of his connections: what has come and has
 * not been acted on. At the bound all of them are held, and nobody else's is.
 */
export class OwnerReading {
  readonly #maxBytes: number;
  readonly #metrics: Pick<Metrics, 'count'>;
  readonly #owners = new Map<SubscriberOwner, Reading>();

  constructor(deps: {
    /** Most bytes of one owner's messages; one more message of each connection that was being read may come. */
    readonly maxBytes: number;
    readonly metrics: Pick<Metrics, 'count'>;
  }) {
    this.#maxBytes = deps.maxBytes;
    this.#metrics = deps.metrics;
  }

  /** How many owners have connections or messages. */
  get size(): number {
    return this.#owners.size;
  }

  /** How many connections an owner has. */
  readersOf(owner: SubscriberOwner): number {
    return this.#owners.get(owner)?.readers.size ?? 0;
  }

  add(reader: HeldReader): void {
    const reading = this.#owners.get(reader.owner) ?? { readers: new Set(), bytes: 0, isHeld: false };
    this.#owners.set(reader.owner, reading);
    reading.readers.add(reader);
    if (reading.isHeld) reader.hold();
  }

  remove(reader: HeldReader): void {
    const reading = this.#owners.get(reader.owner);
    if (!reading?.readers.delete(reader)) return;
    this.#forget(reader.owner, reading);
  }

  /** A message has been read. @returns what is to be called once it has been acted on, or never will be. */
  read(owner: SubscriberOwner, bytes: number): () => void {
    const reading = this.#owners.get(owner) ?? { readers: new Set(), bytes: 0, isHeld: false };
    this.#owners.set(owner, reading);
    reading.bytes += bytes;
    if (!reading.isHeld && reading.bytes >= this.#maxBytes) {
      reading.isHeld = true;
      this.#metrics.count('holdfast_control_owner_waits_total', { what: 'message' });
      for (const reader of reading.readers) reader.hold();
    }
    return () => this.#acted(owner, reading, bytes);
  }

  #acted(owner: SubscriberOwner, reading: Reading, bytes: number): void {
    reading.bytes -= bytes;
    if (reading.isHeld && reading.bytes < this.#maxBytes) {
      reading.isHeld = false;
      for (const reader of reading.readers) reader.letGo();
    }
    this.#forget(owner, reading);
  }

  /** What is read is remembered until it has been acted on, also when the connection has gone. */
  #forget(owner: SubscriberOwner, reading: Reading): void {
    const { readers, bytes } = reading;
    if (readers.size === 0 && bytes === 0 && this.#owners.get(owner) === reading) this.#owners.delete(owner);
  }
}
