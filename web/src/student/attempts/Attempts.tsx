import type { AttemptListItem } from '@oep/client';
import { useFormatter, useTranslations } from 'use-intl';
import { Link } from 'wouter';
import { useGet } from '../../api';
import { StatusBadge } from '../../ui/Badge';
import { Frame } from '../parts/Frame';
import { Loading } from '../parts/Loading';
import { Problem } from '../parts/Problem';
import type { Status } from '../screen';
import styles from './Attempts.module.css';

/** What the student has to sit, sits and has sat, in the platform's order: what is next comes first. */
export function Attempts() {
  const t = useTranslations('student.attempts');
  const { data, error, refetch } = useGet('/api/v1/attempts/me');
  if (!data && !error) return <Loading />;
  return (
    <Frame title={t('title')}>
      {error && <Problem error={error} onRetry={refetch} />}
      {data?.length === 0 && (
        <div className={styles.none}>
          <p>{t('none')}</p>
          <p className={styles.quiet}>{t('noneHint')}</p>
        </div>
      )}
      {data && data.length > 0 && (
        <ul className={styles.list}>
          {data.map((item) => (
            <Item item={item} key={item.id} />
          ))}
        </ul>
      )}
    </Frame>
  );
}

const WAYS: Readonly<Record<Status, 'open' | 'continue' | 'result' | 'look'>> = {
  not_started: 'open',
  in_progress: 'continue',
  submitted: 'result',
  graded: 'result',
  expired: 'look',
  cancelled: 'look',
};

function Item({ item }: { item: AttemptListItem }) {
  const t = useTranslations('student.attempts');
  const format = useFormatter();
  const title = item.exam_title ?? t('untitled', { id: item.exam_id });
  const isNext = item.status === 'not_started' || item.status === 'in_progress';
  return (
    <li className={styles.item}>
      <div className={styles.words}>
        <h2>{title}</h2>
        <p className={styles.facts}>
          <StatusBadge status={item.status} />
          {item.exam_duration_minutes !== null && (
            <span>{t('minutes', { count: item.exam_duration_minutes })}</span>
          )}
          {item.submit_time && (
            <span>{t('submittedAt', { at: format.dateTime(new Date(item.submit_time), AT) })}</span>
          )}
        </p>
      </div>
      <Link
        aria-label={`${t(WAYS[item.status])}: ${title}`}
        className={isNext ? styles.primary : styles.way}
        href={`/attempts/${item.id}`}
      >
        {t(WAYS[item.status])}
      </Link>
    </li>
  );
}

const AT = { dateStyle: 'medium', timeStyle: 'short' } as const;
