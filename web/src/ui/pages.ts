/** Which part of a list is shown, for lists that the server cuts by `skip` and `limit`. */

export interface Part {
  /** Numbers for people, from 1; 0 and 0 of an empty list. */
  first: number;
  last: number;
  /** `skip` of the neighbours; undefined at the ends. */
  previous: number | undefined;
  next: number | undefined;
}

export function partOf(skip: number, limit: number, total: number): Part {
  const last = Math.min(skip + limit, total);
  return {
    first: Math.min(skip + 1, total),
    last,
    previous: skip > 0 ? Math.max(0, skip - limit) : undefined,
    next: last < total ? last : undefined,
  };
}
