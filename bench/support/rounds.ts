import type { Figure } from './result.ts';
import { median } from './statistics.ts';

/** What each party came to, round by round. */
export type Rounds<Result> = Readonly<Record<string, readonly Result[]>>;

/** Rounds of a bench: its medians are of so many. */
export const ROUNDS = 5;

/** Runs the parties one after the other, round by round, and tells each result as it comes. */
export async function alternate<Result>(
  parties: Readonly<Record<string, () => Promise<Result>>>,
  tell: (result: Result) => string,
): Promise<Rounds<Result>> {
  const results: Record<string, Result[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [who, run] of Object.entries(parties)) {
      const result = await run();
      results[who] = [...(results[who] ?? []), result];
      process.stderr.write(`  ${who}: ${tell(result)}\n`);
    }
  }
  return results;
}

/** One figure of every party. */
export const figuresOf = <Result>(
  rounds: Rounds<Result>,
  what: string,
  unit: string,
  pick: (result: Result) => number,
): Figure[] =>
  Object.entries(rounds).map(([who, results]) => {
    const values = results.map(pick);
    return { who, what, unit, median: median(values), rounds: values };
  });

/** How many times as much one party comes to as another: the median of the rounds' ratios, since machines drift. */
export function ratioOf<Result>(
  rounds: Rounds<Result>,
  who: string,
  peer: string,
  pick: (result: Result) => number,
): number {
  const theirs = (rounds[peer] ?? []).map(pick);
  return median((rounds[who] ?? []).map((result, round) => pick(result) / (theirs[round] ?? Number.NaN)));
}
