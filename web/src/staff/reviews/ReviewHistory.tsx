import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { useGet } from '../../api';
import { Banner } from '../../ui/Banner';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Instant } from '../../ui/Time';
import { usePeople } from './people';
import styles from './Reviews.module.css';

const STEPS = ['opened', 'decided', 'appealed', 'appeal_decided', 'closed'] as const;

/** All steps of a review in their order, and whether the record of them is whole. */
export function ReviewHistory({ review }: { review: Schemas['ReviewBody'] }) {
  const t = useTranslations('reviews.history');
  const history = useGet('/api/v1/proctoring/reviews/{review_id}/history', {
    params: { path: { review_id: review.id } },
  });
  const entries = history.data?.entries ?? [];
  const person = usePeople(
    [review.exam_id],
    entries.map((entry) => entry.by_id),
  );
  return (
    <Panel title={t('title')}>
      {history.error && <ProblemBox onRetry={() => history.refetch()} problem={history.error} />}
      {history.data && <Whole history={history.data} />}
      <ol aria-label={t('title')} className={styles.steps} data-version={review.version}>
        {entries.map((entry) => {
          const step = STEPS.find((each) => each === entry.step);
          return (
            <li key={entry.place}>
              <strong>{step ? t(`steps.${step}`) : entry.step}</strong>{' '}
              <span className={styles.quiet}>
                <Instant at={entry.at} /> · {person(entry.by_id)}
              </span>
              {Object.entries(entry.texts).map(([name, text]) => (
                <p className={styles.words} key={name}>
                  <bdi>{text ?? t('erased')}</bdi>
                </p>
              ))}
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}

function Whole({
  history,
}: {
  history: { is_intact: boolean; flawed_place: number | null; changed: string[] };
}) {
  const t = useTranslations('reviews.history');
  if (history.is_intact) return <Banner title={t('intact')} tone="good" />;
  return (
    <Banner title={t('broken')} tone="bad">
      {history.flawed_place !== null && <p>{t('at', { place: history.flawed_place })}</p>}
      {history.changed.length > 0 && <p>{t('changed', { names: history.changed.join(', ') })}</p>}
    </Banner>
  );
}
