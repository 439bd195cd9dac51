import { useTranslations } from 'use-intl';

/** Comes next; the shell loads it lazily. */
export function Report(_: { examId: number }) {
  const t = useTranslations('report');
  return <h1>{t('title')}</h1>;
}
