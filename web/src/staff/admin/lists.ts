/** How long lists come here: a page at a time, and one row more than is shown, to know if another follows. */

export const PAGE_SIZE = 25;

/** What to ask for to show `PAGE_SIZE` rows from `skip` on. */
export function asked(skip: number): { skip: number; limit: number } {
  return { skip, limit: PAGE_SIZE + 1 };
}

export interface Cut<Row> {
  rows: readonly Row[];
  hasNext: boolean;
}

/** Takes the row too many away. */
export function cut<Row>(found: readonly Row[] | undefined): Cut<Row> {
  const all = found ?? [];
  return { rows: all.slice(0, PAGE_SIZE), hasNext: all.length > PAGE_SIZE };
}

/** Leaves out what is empty: a filter that says nothing is not sent. */
export function given<Filters extends Record<string, string | number | boolean | undefined>>(
  filters: Filters,
): Partial<{ [Name in keyof Filters]: Exclude<Filters[Name], undefined | ''> }> {
  const said = Object.entries(filters).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(said) as never;
}
