/** How far an order that is shown is from the one that should be: so many rows would move. Pure. */

/** Rows that would come, go, or change places: the fewest whose moving makes one order the other. */
export function movesBetween(shown: readonly number[], wanted: readonly number[]): number {
  const rank = new Map(wanted.map((id, index) => [id, index]));
  const common = shown.map((id) => rank.get(id)).filter((found) => found !== undefined);
  const come = wanted.length - common.length;
  const go = shown.length - common.length;
  return come + go + common.length - longestRise(common);
}

/** The length of the longest rising subsequence (patience sorting). */
function longestRise(numbers: readonly number[]): number {
  const tops: number[] = [];
  for (const number of numbers) {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((tops[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    tops[low] = number;
  }
  return tops.length;
}
