/** What of an attempt's events is drawn: lanes, and in each one mark for all that fall on one column. */

import { placeOf, type Scale } from './scale';

export const SEVERITIES = ['violation', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** An event as the timeline needs it; `at` is the server's clock, `eventAt` the client's, in ms. */
export interface Moment {
  id: number;
  sequence: number;
  type: string;
  severity: Severity;
  at: number;
  eventAt: number;
  isLate: boolean;
  questionId: number | null;
}

export type Grouping = 'severity' | 'type';

export interface Lane {
  name: string;
  moments: Moment[];
}

export interface Mark {
  lane: number;
  column: number;
  severity: Severity;
  count: number;
  first: Moment;
  last: Moment;
  isChosen: boolean;
}

/** Returns the lanes: severities from the worst on, or types with what happened most on top. */
export function lanesOf(moments: readonly Moment[], grouping: Grouping): Lane[] {
  if (grouping === 'severity') {
    return SEVERITIES.map((name) => ({
      name,
      moments: moments.filter((each) => each.severity === name),
    }));
  }
  const lanes = new Map<string, Moment[]>();
  for (const moment of moments) {
    const lane = lanes.get(moment.type);
    if (lane) lane.push(moment);
    else lanes.set(moment.type, [moment]);
  }
  return [...lanes]
    .map(([name, found]) => ({ name, moments: found }))
    .sort((one, other) => order(one, other));
}

function order(one: Lane, other: Lane): number {
  const worst = rank(worstOf(one.moments)) - rank(worstOf(other.moments));
  return worst || other.moments.length - one.moments.length || (one.name < other.name ? -1 : 1);
}

/** Returns the marks in sight; `columns` is how many of them fit beside each other. */
export function marksOf(
  lanes: readonly Lane[],
  scale: Scale,
  columns: number,
  chosen: ReadonlySet<number> = new Set(),
): Mark[] {
  return lanes.flatMap((lane, place) => marksOfLane(lane, place, scale, columns, chosen));
}

function marksOfLane(
  lane: Lane,
  place: number,
  scale: Scale,
  columns: number,
  chosen: ReadonlySet<number>,
): Mark[] {
  const marks = new Map<number, Mark>();
  for (const moment of lane.moments) {
    const column = Math.floor(placeOf(scale, moment.at) * columns);
    if (column < 0 || column >= columns) continue;
    const mark = marks.get(column);
    if (mark) add(mark, moment, chosen);
    else marks.set(column, marked(place, column, moment, chosen));
  }
  return [...marks.values()];
}

function marked(lane: number, column: number, moment: Moment, chosen: ReadonlySet<number>): Mark {
  const { severity, id } = moment;
  return {
    lane,
    column,
    severity,
    count: 1,
    first: moment,
    last: moment,
    isChosen: chosen.has(id),
  };
}

function add(mark: Mark, moment: Moment, chosen: ReadonlySet<number>): void {
  mark.count += 1;
  mark.last = moment;
  mark.isChosen ||= chosen.has(moment.id);
  if (rank(moment.severity) < rank(mark.severity)) mark.severity = moment.severity;
}

/** Whether a moment is in sight, for the table beside the picture. */
export function isInSight(moment: Moment | undefined, scale: Scale): boolean {
  return moment !== undefined && moment.at >= scale.from && moment.at <= scale.to;
}

function worstOf(moments: readonly Moment[]): Severity {
  return SEVERITIES.find((each) => moments.some((moment) => moment.severity === each)) ?? 'info';
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
