import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import styles from './Filters.module.css';

/** The fields above a list that narrow it. */
export function Filters({ children }: { children: ReactNode }) {
  const t = useTranslations('admin');
  return (
    <search aria-label={t('filters')} className={styles.filters}>
      {children}
    </search>
  );
}
