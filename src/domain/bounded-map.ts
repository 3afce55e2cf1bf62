/**
 * A map that never has more entries than it may: one more, and the one that was set longest ago is forgotten. To set a
 * key anew makes it the newest; it is iterated from the oldest to the newest.
 */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #most: number;

  /** `most`: entries. */
  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    const [oldest] = this.keys();
    if (this.size > this.#most && oldest !== undefined) this.delete(oldest);
    return this;
  }
}
