/** Where the names of instants stand beside their lines, so that none lies on another. Pure. */

/** A name and where its line is, in pixels. */
export interface Named {
  readonly name: string;
  readonly x: number;
}

/** A name in its place: from its line to the right, or to the left, in one of the rows from the top. */
export interface Label extends Named {
  readonly isLeft: boolean;
  readonly row: number;
}

/** A name stands so far from its line. */
export const GAP = 4;
const LETTER = 6.5;

/**
 * Puts each name to the right of its line; to the left where the next line or the picture's end is
 * too near; and a row lower where that is taken, too. Lines outside of the picture have none.
 */
export function labelled(instants: readonly Named[], width: number): Label[] {
  const inSight = instants.filter(({ x }) => x >= 0 && x <= width).sort((a, b) => a.x - b.x);
  const ends: number[] = []; // how far each row is taken, from the left
  return inSight.map(({ name, x }, place) => {
    const room = name.length * LETTER + 2 * GAP;
    const next = inSight[place + 1]?.x ?? width;
    const isFree = (row: number, from: number) => (ends[row] ?? 0) <= from;
    const isLeft = x + room > next && isFree(0, x - room) ? true : x + room > width;
    const from = isLeft ? x - room : x;
    let row = 0;
    while (!isFree(row, Math.max(from, 0))) row++;
    ends[row] = from + room;
    return { name, x, isLeft, row };
  });
}
