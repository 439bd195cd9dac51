/**
 * Incident-first: which attempt a proctor should look at first. The same order as the server's, which
 * a snapshot comes in; deltas move single attempts, so it is kept here from then on.
 */

import type { Row } from './row';

/** Where an attempt stands, those first who need somebody. */
export const NEEDS = [
  'waits',
  'violation',
  'lost',
  'warning',
  'works',
  'not_started',
  'over',
] as const;
export type Need = (typeof NEEDS)[number];

/** An attempt's place, smaller = nearer to the top; compared from its first number on. */
export type Place = readonly [
  need: number,
  lowerRisk: number,
  fewerViolations: number,
  fewerWarnings: number,
  olderEvent: number,
  attemptId: number,
];

const OPEN: ReadonlySet<string> = new Set(['not_started', 'in_progress']);

/** What an attempt needs most. */
export function needOf(row: Row): Need {
  if (row.hand_raised_at || row.unread_message_count > 0) return 'waits';
  if (!OPEN.has(row.status)) return 'over';
  if (row.is_waiting_for_authorisation && row.is_online) return 'waits';
  if (row.counts.violation > 0) return 'violation';
  const works = row.status === 'in_progress';
  if (works && !row.is_online) return 'lost';
  if (row.counts.warning > 0) return 'warning';
  return works ? 'works' : 'not_started';
}

export function placeOf(row: Row): Place {
  return [
    NEEDS.indexOf(needOf(row)),
    -row.risk_score,
    -row.counts.violation,
    -row.counts.warning,
    row.last_event ? -Date.parse(row.last_event.received_at) : 0,
    row.attempt_id,
  ];
}

export function compared(one: Place, other: Place): number {
  for (let i = 0; i < one.length; i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first index of a sorted list whose place is not before `place`. */
export function whereIn(places: readonly Place[], place: Place): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = places[middle];
    if (there && compared(there, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
