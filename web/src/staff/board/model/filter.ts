/** What a proctor wants to see of a board, and under which headings. Pure. */

import { NEEDS, type Need, needOf } from './order';
import type { Connection, Row, Severity, Status } from './row';

/** What is not named lets everything through. */
export interface Filter {
  readonly status?: Status;
  readonly connection?: Connection;
  /** At least one event of this severity or a graver one. */
  readonly severity?: Severity;
  readonly need?: Need;
  readonly minRisk?: number;
  readonly isMine?: boolean;
  readonly isUnclaimed?: boolean;
  readonly center?: string;
  /** A part of the name, hall ticket or workstation, in whatever letters. */
  readonly text?: string;
}

export type Grouping = 'none' | 'need' | 'center' | 'status';

/** Whether a row is let through; `me` is the id of who looks. */
export function passes(row: Row, filter: Filter, me: number): boolean {
  return (
    (filter.status === undefined || row.status === filter.status) &&
    (filter.connection === undefined || row.connection === filter.connection) &&
    (filter.minRisk === undefined || row.risk_score >= filter.minRisk) &&
    (!filter.isMine || row.claimed_by_id === me) &&
    (!filter.isUnclaimed || row.claimed_by_id === null) &&
    (filter.center === undefined || centerOf(row) === filter.center) &&
    (filter.need === undefined || needOf(row) === filter.need) &&
    (filter.severity === undefined || isAsGrave(row, filter.severity)) &&
    (!filter.text || says(row, filter.text.toLocaleLowerCase()))
  );
}

export function isEmpty(filter: Filter): boolean {
  return Object.values(filter).every((value) => value === undefined || value === '' || !value);
}

/** Under which heading a row stands; '' = none. */
export function headingOf(row: Row, grouping: Grouping): string {
  if (grouping === 'center') return centerOf(row);
  if (grouping === 'need') return needOf(row);
  return grouping === 'status' ? row.status : '';
}

/** Headings in the order in which they are shown: by what they mean, centers by their names. */
export function headingsInOrder(headings: Iterable<string>, grouping: Grouping): string[] {
  const found = [...headings];
  if (grouping === 'need') return NEEDS.filter((need) => found.includes(need));
  return found.sort((one, other) => one.localeCompare(other));
}

export function centerOf(row: Row): string {
  return row.center ?? '';
}

function isAsGrave(row: Row, severity: Severity): boolean {
  const { info, warning, violation } = row.counts;
  if (severity === 'violation') return violation > 0;
  return severity === 'warning' ? violation + warning > 0 : violation + warning + info > 0;
}

function says(row: Row, text: string): boolean {
  return [row.student_name, row.hall_ticket_number, row.workstation_id].some((part) =>
    part?.toLocaleLowerCase().includes(text),
  );
}
