/** The columns of the list; their widths are in `Grid.module.css`, by the same order. */

export const COLUMNS = [
  'select',
  'student',
  'state',
  'presence',
  'time',
  'answers',
  'events',
  'risk',
  'last',
  'unseen',
  'claim',
  'more',
] as const;
export type Column = (typeof COLUMNS)[number];

/** Columns whose heading is for screen readers only. */
export const QUIET: ReadonlySet<Column> = new Set(['select', 'more']);
