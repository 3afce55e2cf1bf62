/** What stands in a run's line until it leaves. */
interface Place<Ready> {
  /** Set once it is ready. */
  ready: { readonly what: Ready } | undefined;
  readonly leave: (what: Ready) => void;
}

/** Lets what belongs to one run leave in the order in which it came, whenever each is ready; runs do not wait for each other. */
export class RunOrder<Ready> {
  readonly #lines = new Map<string, Array<Place<Ready>>>();

  /** How many runs have something that has not left. */
  get size(): number {
    return this.#lines.size;
  }

  /** Calls `leave` with what `ready` gives, which never rejects, once everything of the run that came before has left. */
  inTurn(run: string, ready: Promise<Ready>, leave: (what: Ready) => void): void {
    const line = this.#lines.get(run) ?? [];
    if (line.length === 0) this.#lines.set(run, line);
    const place: Place<Ready> = { ready: undefined, leave };
    line.push(place);
    void ready.then((what) => {
      place.ready = { what };
      this.#letLeave(run, line);
    });
  }

  #letLeave(run: string, line: Array<Place<Ready>>): void {
    for (let first = line[0]; first?.ready !== undefined; first = line[0]) {
      line.shift();
      if (line.length === 0) this.#lines.delete(run);
      first.leave(first.ready.what);
    }
  }
}
