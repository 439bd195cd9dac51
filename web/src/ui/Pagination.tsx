import { useTranslations } from 'use-intl';
import { Button } from './Button';
import { IconBack, IconForward } from './icons';
import styles from './Pagination.module.css';
import { partOf } from './pages';

/** Backwards and forwards through a list that the server cuts; says which part is shown. */
export function Pagination({
  skip,
  limit,
  total,
  onSkip,
}: {
  skip: number;
  limit: number;
  total: number;
  onSkip: (skip: number) => void;
}) {
  const t = useTranslations('ui');
  const { first, last, previous, next } = partOf(skip, limit, total);
  return (
    <nav aria-label={t('pages')} className={styles.pages}>
      <span role="status">{t('part', { first, last, total })}</span>
      <Button
        isDisabled={previous === undefined}
        onPress={() => previous !== undefined && onSkip(previous)}
      >
        <IconBack />
        {t('previous')}
      </Button>
      <Button isDisabled={next === undefined} onPress={() => next !== undefined && onSkip(next)}>
        {t('next')}
        <IconForward />
      </Button>
    </nav>
  );
}
