/**
 * The check before an exam: what was measured, and what it means. Pure; `measuring` takes the measures.
 * Only what would make the exam impossible is a failure; everything else is said and lets the student in.
 */

import type { Consent } from '../pictures/consent';

/** What was measured of this browser and its way to the platform. */
export interface Measures {
  /** Names of what the browser lacks, e.g. `indexedDB`. */
  missing: readonly string[];
  /** A text was written to the browser's storage and read back. */
  canStore: boolean;
  /** This computer's clock minus the platform's, in milliseconds; null when nobody answered. */
  skewMs: number | null;
  /** The median time of a request there and back, in milliseconds; null when nobody answered. */
  roundTripMs: number | null;
  canFillScreen: boolean;
}

export type CheckId = 'browser' | 'storage' | 'network' | 'clock' | 'full_screen';
export type CheckState = 'good' | 'notice' | 'bad';

export interface Check {
  id: CheckId;
  state: CheckState;
}

export const SKEW_MS = 60_000;
export const SLOW_MS = 600;

/** Returns a line for each part of the check, in the order in which they are shown. */
export function checksOf(measures: Measures): Check[] {
  return [
    { id: 'browser', state: measures.missing.length === 0 ? 'good' : 'bad' },
    { id: 'storage', state: measures.canStore ? 'good' : 'bad' },
    { id: 'network', state: network(measures.roundTripMs) },
    { id: 'clock', state: clock(measures.skewMs) },
    { id: 'full_screen', state: measures.canFillScreen ? 'good' : 'notice' },
  ];
}

/** True when nothing stands in the way of the exam. */
export function mayBegin(checks: readonly Check[]): boolean {
  return checks.every((check) => check.state !== 'bad');
}

/** What keeps the student from beginning, as the name of its sentence. */
export type Lack = 'noBegin' | 'noBeginConsent' | 'noBeginCamera';

/** What the student still has to say or try, where the exam asks for the camera. */
export interface CameraDue {
  consent: Consent | undefined;
  hasTried: boolean;
}

/** `due`: undefined where no camera is asked for. Who wants no pictures need not try the camera. */
export function lackOf(
  checks: readonly Check[] | undefined,
  due: CameraDue | undefined,
): Lack | undefined {
  if (!checks || !mayBegin(checks)) return 'noBegin';
  if (!due) return undefined;
  if (due.consent === undefined) return 'noBeginConsent';
  return due.consent === 'given' && !due.hasTried ? 'noBeginCamera' : undefined;
}

/** Returns the middle of several measures; null when there are none. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/**
 * Returns this computer's clock minus the platform's. The answer is taken to have been written half way
 * between request and answer; all in milliseconds.
 */
export function skew(sentAt: number, receivedAt: number, serverAt: number): number {
  return (sentAt + receivedAt) / 2 - serverAt;
}

function network(roundTripMs: number | null): CheckState {
  if (roundTripMs === null) return 'bad';
  return roundTripMs <= SLOW_MS ? 'good' : 'notice';
}

function clock(skewMs: number | null): CheckState {
  // A wrong clock harms nobody here: the exam runs by the platform's.
  return skewMs !== null && Math.abs(skewMs) <= SKEW_MS ? 'good' : 'notice';
}
