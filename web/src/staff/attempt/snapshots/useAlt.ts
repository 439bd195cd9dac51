import { useFormatter, useTranslations } from 'use-intl';
import type { Snapshot } from './gallery';

/** Returns the function that says in words which picture it is; what is in it, no machine here knows. */
export function useAlt(): (of: Snapshot) => string {
  const t = useTranslations('attempt.snapshots');
  const format = useFormatter();
  return ({ source, taken_at }) =>
    t(`alt.${source}`, { at: format.dateTime(new Date(taken_at), { timeStyle: 'medium' }) });
}
