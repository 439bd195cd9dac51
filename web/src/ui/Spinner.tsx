import { useTranslations } from 'use-intl';
import styles from './Spinner.module.css';

/** Something goes on; beside a visible text that says what, or with `label` alone. */
export function Spinner({ label }: { label?: string }) {
  const t = useTranslations('ui');
  return <span aria-label={label ?? t('busy')} className={styles.spinner} role="img" />;
}

/** The place of a page or part that is loading; appears only after a moment, so that quick answers do not flicker. */
export function Loading({ label }: { label?: string }) {
  const t = useTranslations('ui');
  return (
    <p className={styles.loading} role="status">
      <span aria-hidden="true" className={styles.spinner} />
      {label ?? t('loading')}
    </p>
  );
}
