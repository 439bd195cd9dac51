/** What is worth a word to somebody who does not look at the board just now. Pure. */

import type { Data, Row } from './row';

export const NEWS = ['hand', 'message', 'violation', 'lost', 'door'] as const;
export type NewsKind = (typeof NEWS)[number];

export interface News {
  readonly kind: NewsKind;
  readonly attemptId: number;
  readonly name: string;
}

/** What a delta that changed `before` to `after` is to people; undefined = routine. */
export function newsOf(before: Row, after: Row, kind: string, data: Data): NewsKind | undefined {
  if (kind === 'message') return data.is_from_student === true ? 'message' : undefined;
  const is = (says: (row: Row) => boolean) => says(after) && !says(before);
  if (is((row) => row.hand_raised_at !== null)) return 'hand';
  if (after.counts.violation > before.counts.violation) return 'violation';
  if (is(isAtTheDoor)) return 'door';
  return is(isLost) ? 'lost' : undefined;
}

/** How often each kind came, in the order in which they matter. */
export function tally(news: readonly News[]): readonly (readonly [NewsKind, number])[] {
  return NEWS.map(
    (kind) => [kind, news.filter((each) => each.kind === kind).length] as const,
  ).filter(([, count]) => count > 0);
}

function isLost(row: Row): boolean {
  return row.status === 'in_progress' && !row.is_online;
}

function isAtTheDoor(row: Row): boolean {
  return row.is_waiting_for_authorisation && row.is_online;
}
