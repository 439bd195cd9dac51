import { useTranslations } from 'use-intl';
import { Spinner } from '../../ui/Spinner';
import styles from './Loading.module.css';

/** A page that is on its way. */
export function Loading({ text }: { text?: string }) {
  const t = useTranslations('student');
  return (
    <main className={styles.loading} role="status">
      <Spinner />
      <span>{text ?? t('loading')}</span>
    </main>
  );
}
