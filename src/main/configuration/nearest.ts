import { closest, distance } from 'fastest-levenshtein';

/** Most edits between what was written and what may have been meant. */
const MAX_EDITS = 4;

/** The known name that is nearest to an unknown one; undefined when none is near. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const candidate = closest(unknown, known);
  return distance(unknown, candidate) <= Math.min(MAX_EDITS, Math.ceil(unknown.length / 2))
    ? candidate
    : undefined;
}

/** “Did you mean …?” when something is near, else nothing. */
export function suggestion(unknown: string, known: readonly string[]): string {
  const candidate = nearest(unknown, known);
  return candidate === undefined ? '' : ` Did you mean ${candidate}?`;
}
