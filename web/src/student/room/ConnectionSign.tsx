import { useTranslations } from 'use-intl';
import { IconOffline, IconOnline } from '../../ui/icons';
import styles from './ConnectionSign.module.css';
import { useLook } from './useLook';

/** Whether the page is connected, always in the same place, in a word and a sign. */
export function ConnectionSign() {
  const t = useTranslations('student.connection');
  const look = useLook();
  const Sign = look === 'online' ? IconOnline : IconOffline;
  return (
    <p className={`${styles.sign} ${styles[look]}`} data-connection={look}>
      <Sign />
      <span>{t(look === 'closed' ? 'offline' : look)}</span>
    </p>
  );
}
