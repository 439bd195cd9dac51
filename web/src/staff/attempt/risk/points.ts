/** A risk score as people read it: which rules made it, which saw something without points, which are off. */

/** What one rule adds, as the service says it. */
export interface Contribution {
  rule_id: string;
  version: number;
  description: string;
  weight: number;
  cap: number;
  points: number;
  event_count: number;
  event_ids: number[];
  switched_off: string | null;
}

export interface Points {
  /** Rules that add points, most first; their points sum up to the score. */
  scored: Contribution[];
  /** Rules that saw events and added nothing for them: as often is free. */
  free: Contribution[];
  /** Rules that an accommodation has switched off, whatever they saw. */
  off: Contribution[];
  /** How many rules had nothing to see. */
  silent: number;
  /** The sum of the points; anything but the stored score is a fault to be shown. */
  sum: number;
}

export function pointsOf(contributions: readonly Contribution[]): Points {
  const on = contributions.filter((each) => each.switched_off === null);
  const scored = on.filter((each) => each.points > 0).sort(byPoints);
  const free = on.filter((each) => each.points === 0 && each.event_count > 0);
  return {
    scored,
    free,
    off: contributions.filter((each) => each.switched_off !== null),
    silent: on.length - scored.length - free.length,
    sum: scored.reduce((sum, each) => sum + each.points, 0),
  };
}

/** Whether more of the same would add nothing. */
export function isCapped(contribution: Contribution): boolean {
  return contribution.points >= contribution.cap;
}

function byPoints(one: Contribution, other: Contribution): number {
  return other.points - one.points || (one.rule_id < other.rule_id ? -1 : 1);
}

export const LEVELS = ['none', 'some', 'much'] as const;
export type Level = (typeof LEVELS)[number];

/** Returns how loudly a score asks somebody to look: from 20 on some, from 50 on much. */
export function levelOf(score: number): Level {
  if (score >= 50) return 'much';
  return score >= 20 ? 'some' : 'none';
}
