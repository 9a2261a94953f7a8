/** Where the keys go on from a row that changes its place, as a post does when it is filled. */

/** The rows, by their keys, as they stood when one of them was come to. */
export interface Order {
  key: string;
  rows: readonly string[];
}

/** The row that follows, or goes before, where somebody came to the row; a new one beside it where it is now goes first. */
export function neighbour({ key, rows: before }: Order, now: readonly string[], by: 1 | -1): string | undefined {
  const beside = now[now.indexOf(key) + by];
  if (beside !== undefined && !before.includes(beside)) return beside;
  const at = before.indexOf(key);
  const rest = by === 1 ? before.slice(at + 1) : before.slice(0, at).reverse();
  return rest.find((one) => now.includes(one)) ?? beside;
}
