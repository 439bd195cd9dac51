/** Which part of a list is shown, for lists that the server cuts by `skip` and `limit`. */

export interface Shown {
  skip: number;
  limit: number;
  /** How many rows there are in all; without it, `count` of this part and whether another follows. */
  total?: number | undefined;
  count?: number | undefined;
  hasNext?: boolean | undefined;
}

export interface Part {
  /** Numbers for people, from 1; 0 and 0 of an empty list. */
  first: number;
  last: number;
  /** `skip` of the neighbours; undefined at the ends. */
  previous: number | undefined;
  next: number | undefined;
}

export function partOf({ skip, limit, total, count = 0, hasNext = false }: Shown): Part {
  const last = total === undefined ? skip + count : Math.min(skip + limit, total);
  const goesOn = total === undefined ? hasNext : last < total;
  return {
    first: Math.min(skip + 1, last),
    last,
    previous: skip > 0 ? Math.max(0, skip - limit) : undefined,
    next: goesOn ? last : undefined,
  };
}
