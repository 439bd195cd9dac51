import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Link } from 'wouter';
import styles from './Shell.module.css';

/** What is around each page: the way to the others, and who is signed in. */
export function Shell({ children }: { children: ReactNode }) {
  const t = useTranslations('staff');
  return (
    <div className={styles.shell}>
      <nav aria-label={t('pages')} className={styles.pages}>
        <Link href="/">{t('exams')}</Link>
        <Link href="/reviews">{t('reviews')}</Link>
        <Link href="/admin">{t('admin')}</Link>
      </nav>
      <main className={styles.page}>{children}</main>
    </div>
  );
}
