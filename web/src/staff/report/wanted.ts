/** What somebody wants to see of an exam's attempts, as it stands in the page's address and goes to the server. */

export const ORDERS = [
  'attempt_id',
  'risk',
  'violations',
  'warnings',
  'events',
  'last_event',
  'submitted',
] as const;
export type Order = (typeof ORDERS)[number];

export const STATUSES = [
  'not_started',
  'in_progress',
  'submitted',
  'graded',
  'expired',
  'cancelled',
] as const;
export const SEVERITIES = ['violation', 'warning', 'info'] as const;
export const REVIEW_STATES = ['open', 'decided', 'appealed', 'closed'] as const;

export const LIMIT = 50;

export interface Wanted {
  sort: Order;
  direction: 'asc' | 'desc';
  skip: number;
  status?: (typeof STATUSES)[number];
  severity?: (typeof SEVERITIES)[number];
  review_state?: (typeof REVIEW_STATES)[number];
  min_risk?: number;
  event_type?: string;
  has_missing_events?: true;
  search?: string;
}

/** Reads an address; what makes no sense is as if it were not there. */
export function wantedOf(query: URLSearchParams): Wanted {
  const sort = one(ORDERS, query.get('sort')) ?? 'risk';
  const status = one(STATUSES, query.get('status'));
  const severity = one(SEVERITIES, query.get('severity'));
  const reviewState = one(REVIEW_STATES, query.get('review_state'));
  const minRisk = whole(query.get('min_risk'));
  const type = query.get('event_type');
  const search = query.get('search')?.trim().slice(0, 100);
  return {
    sort,
    direction: query.get('direction') === 'asc' ? 'asc' : 'desc',
    skip: whole(query.get('skip')) ?? 0,
    ...(status && { status }),
    ...(severity && { severity }),
    ...(reviewState && { review_state: reviewState }),
    ...(minRisk && { min_risk: minRisk }),
    ...(type && /^[a-z][a-z0-9_]{1,49}$/.test(type) && { event_type: type }),
    ...(query.has('has_missing_events') && { has_missing_events: true as const }),
    ...(search && { search }),
  };
}

/** Returns the address of the file of all that fits; it has no pages, and knows no search by name. */
export function fileOf(examId: number, wanted: Wanted, format: 'csv' | 'json' | 'pdf'): string {
  const { skip: _, search: __, ...filters } = wanted;
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(filters)) query.set(name, String(value));
  // In the order of the roll each attempt is in the file exactly once, whatever happens meanwhile.
  if (format !== 'pdf') {
    query.set('sort', 'attempt_id');
    query.set('direction', 'asc');
  }
  return `/api/v1/proctoring/exams/${examId}/report?${query}`;
}

function one<Word extends string>(words: readonly Word[], given: string | null): Word | undefined {
  return words.find((word) => word === given);
}

function whole(given: string | null): number | undefined {
  return given !== null && /^\d{1,9}$/.test(given) ? Number(given) : undefined;
}
