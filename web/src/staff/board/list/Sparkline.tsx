import { memo } from 'react';
import { useOep } from '../../../api';
import {
  BUCKET_MS,
  BUCKETS,
  bucketOf,
  pathOf,
  type Spark,
  shifted,
  sum,
  unknownBuckets,
} from '../model/spark';
import { useSpan } from '../ticks';
import styles from './Sparkline.module.css';
import type { RowWords } from './words';

const HEIGHT = 16;

interface Props {
  spark: Spark;
  /** Since when all events are known (ms of the server's clock). */
  since: number;
  words: RowWords;
}

/** The events of the last quarter of an hour, a bar for each half minute, coloured by the gravest. */
export const Sparkline = memo(function Sparkline({ spark, since, words }: Props) {
  const { clock } = useOep();
  useSpan(BUCKET_MS / 1000);
  const newest = Math.max(spark.newest, bucketOf(clock.now()));
  const now = newest > spark.newest ? shifted(spark, newest) : spark;
  const unknown = unknownBuckets(newest, since);
  const minutes = Math.max(1, Math.round(((BUCKETS - unknown) * BUCKET_MS) / 60_000));
  return (
    <svg
      aria-label={words.row('spark', { count: sum(now, newest), minutes })}
      className={styles.spark}
      preserveAspectRatio="none"
      role="img"
      viewBox={`0 0 ${BUCKETS} ${HEIGHT}`}
    >
      {unknown > 0 && (
        <rect className={styles.unknown} height={HEIGHT} width={unknown} x="0" y="0" />
      )}
      <path className={styles.ground} d={`M0 ${HEIGHT}h${BUCKETS}`} />
      <path className={styles.info} d={pathOf(now, 0, HEIGHT)} />
      <path className={styles.warning} d={pathOf(now, 1, HEIGHT)} />
      <path className={styles.violation} d={pathOf(now, 2, HEIGHT)} />
    </svg>
  );
});
