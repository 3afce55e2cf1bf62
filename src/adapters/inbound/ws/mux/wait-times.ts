/** Upper bounds of what waits are counted by, in milliseconds; longer ones are counted beyond the last. */
export const WAIT_BOUNDS_MS = [1, 5, 20, 100, 500, 2_000, 10_000] as const;

/** How long frames of one kind of session waited for their turn, counted in bounds. */
export class WaitTimes {
  /** How many waited at most as long as each bound and longer than the one before, and last those beyond all. */
  readonly counts: number[] = [...WAIT_BOUNDS_MS.map(() => 0), 0];
  sumMs = 0;

  add(ms: number): void {
    let at = 0;
    while (at < WAIT_BOUNDS_MS.length && ms > (WAIT_BOUNDS_MS[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sumMs += ms;
  }
}
