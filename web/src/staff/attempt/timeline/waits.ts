/**
 * Spans in which events waited on the student's computer before they reached us: mostly a lost line. A
 * span is a state of the connection and says nothing about the student (it scores in no rule).
 */

import type { Moment } from './marks';

export interface Wait {
  /** By the server's clock, in ms: when the first of them happened, and when the last of them arrived. */
  from: number;
  to: number;
  count: number;
}

/** What a way through a slow network and a batch may take; only what waited longer is shown. */
const USUAL_MS = 20_000;

/**
 * Returns the spans, oldest first. The clocks differ: by how much is what most events say (the median),
 * and what is behind that by far has waited.
 */
export function waitsOf(moments: readonly Moment[]): Wait[] {
  const usual = median(moments.map((each) => each.at - each.eventAt));
  const waited = moments
    .filter((each) => each.at - each.eventAt - usual > USUAL_MS)
    .map((each) => ({ from: each.eventAt + usual, to: each.at, count: 1 }))
    .sort((one, other) => one.from - other.from);
  const found: Wait[] = [];
  for (const wait of waited) {
    const last = found.at(-1);
    if (last && wait.from <= last.to) {
      last.to = Math.max(last.to, wait.to);
      last.count += 1;
    } else found.push(wait);
  }
  return found;
}

function median(values: number[]): number {
  const sorted = values.sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? 0;
}
