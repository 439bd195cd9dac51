import { useTranslations } from 'use-intl';

/** The exams that this person looks after. */
export function Exams() {
  const t = useTranslations('staff');
  return <h1>{t('exams')}</h1>;
}
