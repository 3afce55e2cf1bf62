/** Most runs that a search for a shorter list may take. */
const MOST_RUNS = 600;

/**
 * Searches for a short list that still fails, by leaving parts out: halves first, single items last (delta debugging).
 *
 * @param given `fails` tells whether a list fails as the whole one does; `isOver` whether the search has taken too long.
 */
export async function shrink<Item>(
  items: readonly Item[],
  given: { fails: (items: readonly Item[]) => Promise<boolean>; isOver?: () => boolean },
): Promise<readonly Item[]> {
  let kept = items;
  let runs = 0;
  const isOver = (): boolean => runs >= MOST_RUNS || given.isOver?.() === true;
  for (let part = Math.ceil(kept.length / 2); part >= 1; ) {
    let isShorter = false;
    for (let from = 0; from < kept.length; ) {
      if (isOver()) return kept;
      runs += 1;
      const without = kept.toSpliced(from, part);
      if (await given.fails(without)) {
        kept = without;
        isShorter = true;
      } else {
        from += part;
      }
    }
    if (part === 1 && !isShorter) return kept;
    part = Math.max(1, Math.min(part >> 1, kept.length));
  }
  return kept;
}
