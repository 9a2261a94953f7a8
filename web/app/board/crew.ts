/** Who of a mission's crew has room beside its bar: the rest are counted. Pure. */

/** Pixels between two, and of what says how many more there are. */
const GAP = 4;
const MORE = 40;

/**
 * The places, in their order, of those who are drawn in so many pixels. Whoever has the keyboard is always among them:
 * where there is no room for them, instead of the last.
 */
export function drawnOf(widths: readonly number[], room: number, focused: number): number[] {
  const all = [...widths.keys()];
  if (sum(widths) <= room) return all;
  let [count, taken] = [0, MORE];
  for (const width of widths) {
    taken += width + GAP;
    if (taken > room) break;
    count += 1;
  }
  const drawn = all.slice(0, count);
  return focused < count ? drawn : [...drawn.slice(0, -1), focused];
}

function sum(widths: readonly number[]): number {
  return widths.reduce((all, width) => all + width + GAP, 0);
}
