/** Most entries of the table of states, of four bytes each: 4 MiB. */
const MAX_TABLE_ENTRIES = 1_048_576;
/** Most different characters of all literals, so that the class of each fits a byte; class 0 is every other one. */
const MAX_CLASSES = 255;
/** Searches that are told apart: their numbers are small integers, which cost no memory wherever they are read. */
const MAX_SEARCHES = 2 ** 30;
/** UTF-16 code units that there are. */
const CODE_UNITS = 65_536;

/**
 * Finds which of many literals stand in a text, by one look at each of its characters (Aho and Corasick, Communications
 * of the ACM 18/6, 1975, with every transition written out). Time grows with the length of the text and with nothing
 * else: whatever the text is, and however many literals there are.
 */
export class LiteralFinder {
  readonly #numbers = new Map<string, number>();
  /** The class of each code unit, which is its column of the table. */
  readonly #classOf = new Uint8Array(CODE_UNITS);
  #classes = 1;
  /** A state's row begins at its number, shifted by this. State 0 is that of a text in which nothing has begun. */
  readonly #shift: number;
  readonly #next: Int32Array;
  #states = 1;
  /** For each state the longest literal that a text ends in there: the state which spells it, or 0. */
  readonly #longest: Int32Array;
  /** For each state that spells a literal, its number, and the state of the next shorter one that ends there too, or 0. */
  readonly #literal: Int32Array;
  readonly #shorter: Int32Array;
  /** For each state that spells a literal the last search that has met it. */
  readonly #metIn: Int32Array;
  #searches = 0;
  /** The numbers of what was found last: one array for all searches, because they are many and short. */
  readonly found: Int32Array;

  /** @param literals those for which there is no room are left out: whether a text has them is not told. */
  constructor(literals: Iterable<string>) {
    const kept = [...new Set(literals)].filter((literal) => literal !== '' && this.#classify(literal));
    this.#shift = 32 - Math.clz32(this.#classes - 1);
    const wanted = kept.reduce((states, { length }) => states + length, 1);
    const room = Math.min(wanted, MAX_TABLE_ENTRIES >> this.#shift);
    this.#next = new Int32Array(room << this.#shift);
    this.#longest = new Int32Array(room);
    this.#literal = new Int32Array(room);
    this.#shorter = new Int32Array(room);
    this.#metIn = new Int32Array(room);
    for (const literal of kept) if (this.#states + literal.length <= room) this.#spell(literal);
    this.#link();
    this.found = new Int32Array(this.#numbers.size);
  }

  /** How many literals are looked for. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The number of a literal, less than `size`; undefined for one that was left out. */
  numberOf(literal: string): number | undefined {
    return this.#numbers.get(literal);
  }

  /**
   * Looks for the literals of a text. Returns how many it has, whose numbers are the first of `found` until the next
   * search.
   */
  find(text: string): number {
    const [classOf, next, longest, shift] = [this.#classOf, this.#next, this.#longest, this.#shift];
    this.#beginSearch();
    let count = 0;
    for (let at = 0, state = 0; at < text.length; at += 1) {
      state = next[(state << shift) | (classOf[text.charCodeAt(at)] ?? 0)] ?? 0;
      const end = longest[state] ?? 0;
      if (end !== 0 && this.#metIn[end] !== this.#searches) count = this.#meet(end, count);
    }
    return count;
  }

  #beginSearch(): void {
    if (this.#searches === MAX_SEARCHES) {
      this.#metIn.fill(0);
      this.#searches = 0;
    }
    this.#searches += 1;
  }

  /** Where one has been met in this search, all shorter ones behind it have been too: none is looked at twice. */
  #meet(longest: number, before: number): number {
    let count = before;
    for (let state = longest; state !== 0 && this.#metIn[state] !== this.#searches; ) {
      this.#metIn[state] = this.#searches;
      this.found[count] = this.#literal[state] ?? 0;
      count += 1;
      state = this.#shorter[state] ?? 0;
    }
    return count;
  }

  /** Gives each character a class. False when there are none left. */
  #classify(literal: string): boolean {
    for (let at = 0; at < literal.length; at += 1) {
      const unit = literal.charCodeAt(at);
      if (this.#classOf[unit] !== 0) continue;
      if (this.#classes > MAX_CLASSES) return false;
      this.#classOf[unit] = this.#classes;
      this.#classes += 1;
    }
    return true;
  }

  /** Makes the states that spell a literal, as far as others have not. */
  #spell(literal: string): void {
    let state = 0;
    for (let at = 0; at < literal.length; at += 1) {
      const entry = this.#entry(state, this.#classOf[literal.charCodeAt(at)] ?? 0);
      if (this.#next[entry] === 0) {
        this.#next[entry] = this.#states;
        this.#states += 1;
      }
      state = this.#next[entry] ?? 0;
    }
    this.#longest[state] = state;
    this.#literal[state] = this.#numbers.size;
    this.#numbers.set(literal, this.#numbers.size);
  }

  /**
   * Writes out where a state goes when what it spells goes no further: where the longest end of that which is a beginning
   * itself would go. Short states come before longer ones, so that what is taken over is complete.
   */
  #link(): void {
    const fallback = new Int32Array(this.#states);
    const queue = [0];
    for (let head = 0; head < queue.length; head += 1) {
      const state = queue[head] ?? 0;
      const shorter = fallback[state] ?? 0;
      this.#shorter[state] = this.#longest[shorter] ?? 0;
      if (this.#longest[state] === 0) this.#longest[state] = this.#longest[shorter] ?? 0;
      for (let of = 1; of < this.#classes; of += 1) {
        const entry = this.#entry(state, of);
        const otherwise = state === 0 ? 0 : (this.#next[this.#entry(shorter, of)] ?? 0);
        const spelled = this.#next[entry] ?? 0;
        if (spelled === 0) this.#next[entry] = otherwise;
        else {
          fallback[spelled] = otherwise;
          queue.push(spelled);
        }
      }
    }
  }

  #entry(state: number, of: number): number {
    return (state << this.#shift) | of;
  }
}
