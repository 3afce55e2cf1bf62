/** A promise that a kill broke. */
export class BrokenByCrash extends Error {
  override readonly name = 'BrokenByCrash';
}

/** @throws BrokenByCrash naming the promise, with what was found. */
export function must(condition: boolean, what: string, facts: unknown): asserts condition {
  if (!condition) throw new BrokenByCrash(`${what}: ${JSON.stringify(facts)}`);
}
