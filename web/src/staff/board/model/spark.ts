/**
 * How many events an attempt had in each half minute of the last quarter of an hour. Until it is known
 * what was before this page began to listen, that is drawn as unknown, not as nothing.
 */

export const BUCKETS = 30;
export const BUCKET_MS = 30_000;

/** Counts by half minute; `newest` is the number (instant / half minute) of the last bucket. */
export interface Spark {
  readonly newest: number;
  readonly counts: Uint16Array;
  /** The highest severity that each bucket saw: 0 info, 1 warning, 2 violation. */
  readonly heights: Uint8Array;
}

export const FLAT: Spark = {
  newest: 0,
  counts: new Uint16Array(BUCKETS),
  heights: new Uint8Array(BUCKETS),
};

/** The number of the half minute in which an instant (milliseconds) lies. */
export function bucketOf(at: number): number {
  return Math.floor(at / BUCKET_MS);
}

/** The spark with one event more; one from before its first bucket changes nothing. */
export function struck(spark: Spark, at: number, height: number): Spark {
  const bucket = bucketOf(at);
  const moved = shifted(spark, Math.max(bucket, spark.newest));
  const index = BUCKETS - 1 - (moved.newest - bucket);
  if (index < 0) return spark;
  moved.counts[index] = Math.min((moved.counts[index] ?? 0) + 1, 65_535);
  moved.heights[index] = Math.max(moved.heights[index] ?? 0, height);
  return moved;
}

/** The spark of `[bucket, events, height]` in half minutes, bucket 0 of which begins at an instant. */
export function filled(at: number, cells: readonly (readonly [number, number, number])[]): Spark {
  const last = Math.max(BUCKETS - 1, ...cells.map(([bucket]) => bucket));
  const spark = shifted(FLAT, bucketOf(at) + last);
  for (const [bucket, events, height] of cells) {
    const index = bucket + BUCKETS - 1 - last;
    if (index < 0) continue;
    spark.counts[index] = Math.min(events, 65_535);
    spark.heights[index] = height;
  }
  return spark;
}

/** A copy whose last bucket is `newest`; what is older than a quarter of an hour falls out. */
export function shifted(spark: Spark, newest: number): Spark {
  const by = newest - spark.newest;
  const [counts, heights] = [new Uint16Array(BUCKETS), new Uint8Array(BUCKETS)];
  if (by < BUCKETS) {
    counts.set(spark.counts.subarray(by));
    heights.set(spark.heights.subarray(by));
  }
  return { newest, counts, heights };
}

/**
 * An SVG path of bars in a box `BUCKETS` wide and `height` high, for the buckets of one severity
 * height; eight events of half a minute fill the box.
 */
export function pathOf(spark: Spark, severity: number, height: number): string {
  const parts: string[] = [];
  spark.counts.forEach((count, index) => {
    if (count === 0 || spark.heights[index] !== severity) return;
    const tall = Math.max(2, Math.round((Math.min(count, FULL) / FULL) * height));
    parts.push(`M${index} ${height}v-${tall}h.8v${tall}z`);
  });
  return parts.join('');
}

/** How many buckets at the left lie before `since` (milliseconds): nobody was listening then. */
export function unknownBuckets(newest: number, since: number): number {
  return Math.min(BUCKETS, Math.max(0, bucketOf(since) - (newest - BUCKETS + 1)));
}

/** Events of the whole quarter of an hour, up to the bucket `newest`. */
export function sum(spark: Spark, newest: number): number {
  const kept = newest > spark.newest ? shifted(spark, newest) : spark;
  return kept.counts.reduce((all, count) => all + count, 0);
}

const FULL = 8;
