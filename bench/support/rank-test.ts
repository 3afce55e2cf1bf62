/** How well two samples can be told apart by the ranks of their values (Mann and Whitney, 1947). */
export interface RankTest {
  /** Chance that a value of the first is larger than one of the second, ties by halves: 0.5 tells nothing. */
  readonly larger: number;
  /** Standard deviations that this is away from 0.5 when the samples are alike. */
  readonly z: number;
}

/** Ranks all values together and compares where the first sample's lie. */
export function rankTest(first: readonly number[], second: readonly number[]): RankTest {
  const all = [...first.map((value) => ({ value, of: 1 })), ...second.map((value) => ({ value, of: 2 }))];
  all.sort((left, right) => left.value - right.value);
  let rankSum = 0;
  let tieTerm = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const rank = (from + 1 + to) / 2;
    rankSum += rank * all.slice(from, to).filter(({ of }) => of === 1).length;
    tieTerm += (to - from) ** 3 - (to - from);
    from = to;
  }
  const [n, m, total] = [first.length, second.length, all.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const spread = Math.sqrt(((n * m) / 12) * (total + 1 - tieTerm / (total * (total - 1))));
  return { larger: u / (n * m), z: (u - (n * m) / 2) / spread };
}
