import { useTranslations } from 'use-intl';
import { Button } from './Button';
import { IconBack, IconForward } from './icons';
import styles from './Pagination.module.css';
import { partOf, type Shown } from './pages';

export interface PaginationProps extends Shown {
  onSkip: (skip: number) => void;
}

/** Backwards and forwards through a list that the server cuts; says which part is shown. */
export function Pagination({ onSkip, ...shown }: PaginationProps) {
  const t = useTranslations('ui');
  const { first, last, previous, next } = partOf(shown);
  const { total } = shown;
  return (
    <nav aria-label={t('pages')} className={styles.pages}>
      <span role="status">
        {total === undefined ? t('partOpen', { first, last }) : t('part', { first, last, total })}
      </span>
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
