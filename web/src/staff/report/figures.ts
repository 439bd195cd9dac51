/** The figures of a report in the shapes that its pictures and tables want. */

/** Counts of one type of event over all severities that it came with. */
export interface TypeRow {
  type: string;
  info: number;
  warning: number;
  violation: number;
  total: number;
}

/** Puts the counts of a type together, the most frequent first. */
export function typesOf(
  counts: readonly { event_type: string; severity: string; event_count: number }[],
): TypeRow[] {
  const rows = new Map<string, TypeRow>();
  for (const { event_type: type, severity, event_count } of counts) {
    const row = rows.get(type) ?? { type, info: 0, warning: 0, violation: 0, total: 0 };
    if (severity === 'info' || severity === 'warning' || severity === 'violation') {
      row[severity] += event_count;
    }
    row.total += event_count;
    rows.set(type, row);
  }
  return [...rows.values()].sort((one, other) => other.total - one.total);
}

/** Returns the names of a histogram's bins: `0–9`, `10–19`, …, `100+`. */
export function binNames(bins: readonly { lowest: number }[]): string[] {
  return bins.map(({ lowest }, place) => {
    const next = bins[place + 1];
    return next ? `${lowest}–${next.lowest - 1}` : `${lowest}+`;
  });
}

/** Returns numbers that are missing as people write them: `3–5, 9`, the first `most` and an ellipsis. */
export function rangesOf(missing: readonly number[][], most = 6): string {
  const told = missing
    .slice(0, most)
    .map(([first, last]) => (first === last ? String(first) : `${first}–${last}`));
  return told.join(', ') + (missing.length > most ? ' …' : '');
}

/** A length of time in the unit that people would say it in: seconds below one minute. */
export function lengthOf(minutes: number): { unit: 'minutes' | 'seconds'; value: number } {
  const seconds = Math.round(minutes * 60);
  if (seconds < 60) return { unit: 'seconds', value: seconds };
  return { unit: 'minutes', value: Math.round(minutes * 10) / 10 };
}

/**
 * Every how many-th name of those below a picture is shown, so that no two touch: the names' widths
 * and the room for each are in pixels.
 */
export function stepOf(widths: readonly number[], room: number, gap = 4): number {
  const touch = (step: number) =>
    widths.some((width, place) => {
      const next = widths[place + step];
      return place % step === 0 && next !== undefined && (width + next) / 2 + gap > step * room;
    });
  let step = 1;
  while (step < widths.length && touch(step)) step++;
  return step;
}
