import { invariant } from '../invariant.ts';

/** The least and the greatest weight of a session, and the one it has unless policy says otherwise. */
export const MIN_WEIGHT = 1;
export const MAX_WEIGHT = 100;
export const DEFAULT_WEIGHT = 10;
/** What a session of weight 1 may send in one round, in bytes. */
export const QUANTUM_BYTES = 256;

/** Rounds that are kept room for at first; always a power of two. */
const FIRST_RING = 8;

/** One backlog that takes turns with others: the frames of a session in one direction. */
export class Flow<Owner> {
  readonly owner: Owner;
  readonly weight: number;
  /** What it may still send in its round, in bytes; above 0 while it waits for its turn. */
  credit = 0;
  /** The round that its credit is of; undefined before its first. */
  round: number | undefined;
  /** Its neighbours in the list of its round, while it is in one. */
  next: Flow<Owner> | undefined;
  previous: Flow<Owner> | undefined;
  isQueued = false;

  /** @throws InvariantViolation when the weight is not a whole number from `MIN_WEIGHT` to `MAX_WEIGHT`. */
  constructor(owner: Owner, weight: number = DEFAULT_WEIGHT) {
    invariant(
      Number.isInteger(weight) && weight >= MIN_WEIGHT && weight <= MAX_WEIGHT,
      'not a weight',
      weight,
    );
    this.owner = owner;
    this.weight = weight;
  }

  get quantum(): number {
    return this.weight * QUANTUM_BYTES;
  }
}

interface Round<Owner> {
  first: Flow<Owner> | undefined;
  last: Flow<Owner> | undefined;
}

/**
 * Deficit weighted round robin (Shreedhar and Varghese, 1995) whose turns cost the same however many sessions wait. In
 * each round a backlogged flow may start frames while it has credit, and gets `quantum` bytes of it; the last frame may
 * take the credit below 0. A flow in debt is put at once into the round in which it is paid off, instead of being looked
 * at in each round until then: the rounds ahead are a ring of lists, as in a timing wheel.
 *
 * Between two turns of a backlogged flow `i` any other flow `j` sends at most `(k + 1) × quantum(j) + m` bytes, where `m`
 * is the largest cost of a frame and `k = ⌊m / quantum(i)⌋ + 1` the most rounds that `i` may have to sit out. So nobody
 * starves, whatever the others do.
 *
 * A flow that has nothing to send, or may not send, leaves; it comes back with what was left of its round's credit, or
 * with its debt: leaving gains nothing. A flow that was never here begins in the next round, so that those who come
 * anew all the time do not prolong the present one.
 */
export class FairQueue<Owner> {
  #ring: Round<Owner>[] = [];
  #round = 0;
  #length = 0;

  /** How many flows wait. */
  get length(): number {
    return this.#length;
  }

  /** The number of the present round, which only grows. */
  get round(): number {
    return this.#round;
  }

  /** A flow has something to send. Nothing changes when it waits already. */
  add(flow: Flow<Owner>): void {
    if (flow.isQueued) return;
    const earliest = flow.round ?? this.#round + 1;
    if (earliest < this.#round || flow.round === undefined) {
      flow.round = Math.max(earliest, this.#round);
      flow.credit = flow.quantum;
    }
    this.#append(flow);
  }

  /** A flow has nothing to send, or may not. Nothing changes when it does not wait. */
  remove(flow: Flow<Owner>): void {
    if (!flow.isQueued) return;
    const list = this.#listOf(flow);
    if (flow.previous === undefined) list.first = flow.next;
    else flow.previous.next = flow.next;
    if (flow.next === undefined) list.last = flow.previous;
    else flow.next.previous = flow.previous;
    flow.next = undefined;
    flow.previous = undefined;
    flow.isQueued = false;
    this.#length -= 1;
  }

  /** The flow whose turn it is, to which `served` is to be told; undefined when none waits. */
  peek(): Flow<Owner> | undefined {
    if (this.#length === 0) return undefined;
    // Somebody waits in the ring, so that this passes at most its length, which the largest frame bounds.
    for (;;) {
      const { first } = this.#ring[this.#round & (this.#ring.length - 1)] as Round<Owner>;
      if (first !== undefined) return first;
      this.#round += 1;
    }
  }

  /** A flow has sent a frame of this cost, in bytes, and has more to send or not. */
  served(flow: Flow<Owner>, cost: number, hasMore: boolean): void {
    invariant(flow.isQueued && flow.round !== undefined, 'only a flow that waits is served');
    invariant(Number.isSafeInteger(cost) && cost > 0, 'not a cost', cost);
    flow.credit -= cost;
    if (flow.credit > 0) {
      if (!hasMore) this.remove(flow);
      return;
    }
    this.remove(flow);
    const rounds = Math.floor(-flow.credit / flow.quantum) + 1;
    flow.credit += rounds * flow.quantum;
    flow.round += rounds;
    if (hasMore) this.#append(flow);
  }

  #append(flow: Flow<Owner>): void {
    const list = this.#listOf(flow);
    flow.previous = list.last;
    if (list.last === undefined) list.first = flow;
    else list.last.next = flow;
    list.last = flow;
    flow.isQueued = true;
    this.#length += 1;
  }

  #listOf(flow: Flow<Owner>): Round<Owner> {
    const round = flow.round ?? this.#round;
    while (round - this.#round >= this.#ring.length) this.#grow();
    return this.#ring[round & (this.#ring.length - 1)] as Round<Owner>;
  }

  /** Makes room for twice as many rounds. A list is of one round alone, so that it moves as a whole. */
  #grow(): void {
    const old = this.#ring;
    const length = Math.max(FIRST_RING, old.length * 2);
    this.#ring = Array.from({ length }, () => ({ first: undefined, last: undefined }));
    for (const list of old) {
      if (list.first?.round !== undefined) this.#ring[list.first.round & (length - 1)] = list;
    }
  }
}
