/** The heat map: attempts × spans of time, drawn in as many columns as can be told apart. */

/** What the service says: `[bucket, warnings, violations]` for each bucket where there were any. */
export interface HeatMap {
  begins_at: string | null;
  bucket_seconds: number;
  bucket_count: number;
  attempts: { attempt_id: number; cells: number[][] }[];
}

export interface Cell {
  warnings: number;
  violations: number;
  /** 0 nothing · 1 warnings only · 2 one violation · 3 two to four · 4 five and more. */
  level: 0 | 1 | 2 | 3 | 4;
}

export interface Heat {
  /** When each column begins, in ms; a column lasts `columnMs`. */
  columns: number[];
  columnMs: number;
  rows: { attemptId: number; cells: Cell[]; warnings: number; violations: number }[];
}

/** Puts neighbouring buckets together until there are at most `most` columns. */
export function heatOf(map: HeatMap, most: number): Heat {
  const together = Math.max(1, Math.ceil(map.bucket_count / most));
  const count = Math.ceil(map.bucket_count / together);
  const begin = map.begins_at === null ? 0 : Date.parse(map.begins_at);
  const columnMs = together * map.bucket_seconds * 1_000;
  return {
    columns: Array.from(
      { length: map.begins_at === null ? 0 : count },
      (_, n) => begin + n * columnMs,
    ),
    columnMs,
    rows: map.attempts.map(({ attempt_id, cells }) => rowOf(attempt_id, cells, count, together)),
  };
}

function rowOf(
  attemptId: number,
  told: number[][],
  count: number,
  together: number,
): Heat['rows'][number] {
  const sums = Array.from({ length: count }, () => ({ warnings: 0, violations: 0 }));
  for (const [bucket = 0, warnings = 0, violations = 0] of told) {
    const sum = sums[Math.floor(bucket / together)];
    if (!sum) continue;
    sum.warnings += warnings;
    sum.violations += violations;
  }
  return {
    attemptId,
    cells: sums.map((sum) => ({ ...sum, level: levelOf(sum.warnings, sum.violations) })),
    warnings: sums.reduce((all, sum) => all + sum.warnings, 0),
    violations: sums.reduce((all, sum) => all + sum.violations, 0),
  };
}

function levelOf(warnings: number, violations: number): Cell['level'] {
  if (violations >= 5) return 4;
  if (violations >= 2) return 3;
  if (violations === 1) return 2;
  return warnings > 0 ? 1 : 0;
}
