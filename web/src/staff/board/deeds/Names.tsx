import { useTranslations } from 'use-intl';
import type { BoardStore } from '../store';
import styles from './deeds.module.css';

const SHOWN = 5;

/** Whom it is about: the first few by name, then how many more. */
export function Names({ ids, store }: { ids: readonly number[]; store: BoardStore }) {
  const t = useTranslations('board');
  const more = ids.length - SHOWN;
  return (
    <ul className={styles.names}>
      {ids.slice(0, SHOWN).map((id) => (
        <li key={id}>
          <bdi>{nameOf(store, id)}</bdi>
        </li>
      ))}
      {more > 0 && <li>{t('more_names', { count: more })}</li>}
    </ul>
  );
}

export function nameOf(store: BoardStore, id: number): string {
  const row = store.student(id)?.row;
  return row?.student_name || row?.hall_ticket_number || String(id);
}
