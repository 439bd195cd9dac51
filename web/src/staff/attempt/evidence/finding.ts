/** What a check of an evidence bundle says, in codes: the page has the words for them. */

export const CHECKS = ['sections', 'chain', 'payloads', 'delivery', 'signatures'] as const;
export type Check = (typeof CHECKS)[number];
export type Verdict = 'holds' | 'fails' | 'unchecked';

/** Where something does not fit: a section, the number of an event (from 1), or both. */
export interface Place {
  section?: string;
  event?: number;
}

/** The reasons why a check fails; `shape`: what should stand there does not. */
export type Reason =
  | 'shape'
  | 'added-or-missing'
  | 'type'
  | 'section-changed'
  | 'event-moved'
  | 'event-changed'
  | 'head-differs'
  | 'seal-foreign'
  | 'seal-longer'
  | 'seal-differs'
  | 'removal-foreign'
  | 'payload-changed'
  | 'payload-gone'
  | 'delivery-differs'
  | 'key-unknown'
  | 'signature-wrong'
  | 'signature-form'
  | 'repeated'
  | 'unreadable'
  | 'surrogate'
  | 'no-keys'
  | 'no-crypto';

export interface Finding {
  check: Check;
  verdict: Verdict;
  /** Why it does not hold; absent when it does. */
  reason?: Reason;
  place: Place;
  /** Numbers and words that the page's sentence is made of. */
  facts: Record<string, string | number>;
}

/** Ends a check: something does not fit. */
export class Flaw extends Error {
  constructor(
    readonly reason: Reason,
    readonly place: Place = {},
    readonly facts: Finding['facts'] = {},
  ) {
    super(reason);
  }
}

/** Returns what a bundle that cannot be read at all has to say for each check. */
export function unreadable(reason: Reason, facts: Finding['facts'] = {}): Finding[] {
  return CHECKS.map((check) => ({ check, verdict: 'fails', reason, place: {}, facts }));
}
