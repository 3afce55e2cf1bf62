/** Lets what belongs to one run leave in the order in which it came, whenever each is ready; runs do not wait for each other. */
export class RunOrder {
  readonly #last = new Map<string, Promise<void>>();

  /** How many runs have something that has not left. */
  get size(): number {
    return this.#last.size;
  }

  /** Calls `leave` with what `ready` gives, once everything of the run that came before has left. */
  async inTurn<Ready>(run: string, ready: Promise<Ready>, leave: (ready: Ready) => void): Promise<void> {
    const before = this.#last.get(run);
    const turn = this.#turn(before, ready, leave);
    this.#last.set(run, turn);
    await turn;
    if (this.#last.get(run) === turn) this.#last.delete(run);
  }

  async #turn<Ready>(
    before: Promise<void> | undefined,
    ready: Promise<Ready>,
    leave: (ready: Ready) => void,
  ): Promise<void> {
    const what = await ready;
    await before;
    leave(what);
  }
}
