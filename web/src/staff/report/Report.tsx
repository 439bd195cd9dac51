import { useTranslations } from 'use-intl';

/** Comes next; the shell loads it lazily. */
export function Report() {
  const t = useTranslations('report');
  return <h1>{t('title')}</h1>;
}
