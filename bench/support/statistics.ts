/** The middle value; of an even number of values the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** A percentile by linear interpolation between the closest ranks; NaN of nothing. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const position = ((sorted.length - 1) * rank) / 100;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}
