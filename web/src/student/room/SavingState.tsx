import type { AnswerView } from '@oep/client';
import { useFormatter, useTranslations } from 'use-intl';
import { type Icon, IconCheck, IconClock, IconOffline, IconWarning } from '../../ui/icons';
import styles from './SavingState.module.css';

const SIGNS: Readonly<Record<AnswerView['state'], Icon | undefined>> = {
  empty: undefined,
  saving: IconClock,
  saved: IconCheck,
  offline: IconOffline,
  refused: IconWarning,
};

/** Whether the shown answer is safe, in a word beside it. Not read aloud at each save: see `Interrupted`. */
export function SavingState({ view }: { view: AnswerView }) {
  const Sign = SIGNS[view.state];
  return (
    <p className={`${styles.saving} ${styles[view.state]}`} data-saving={view.state}>
      {Sign && <Sign />}
      <span>{useWords(view)}</span>
    </p>
  );
}

function useWords({ state, savedAt, refusal }: AnswerView): string {
  const t = useTranslations('student.room.saving');
  const format = useFormatter();
  if (state === 'refused') return t('refused', { detail: refusal?.detail ?? '' });
  if (state === 'saved' && savedAt) {
    return t('savedAt', { at: format.dateTime(new Date(savedAt), { timeStyle: 'medium' }) });
  }
  return t(state);
}
