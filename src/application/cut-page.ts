/**
 * Cuts a page off what was read, which was asked for with one more than the page takes, so that it is known whether
 * there is more.
 *
 * @param cursorOf the cursor behind an item.
 * @returns the page's items, and as `next` the cursor of the page after it, which is left out with the last one.
 */
export function cutPage<Item>(
  found: readonly Item[],
  limit: number,
  cursorOf: (item: Item) => string,
): { readonly items: readonly Item[]; readonly next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(found.length > limit && last !== undefined ? { next: cursorOf(last) } : {}) };
}
