import { useTranslations } from 'use-intl';

/** Comes next; the shell loads it lazily. */
export function Reviews() {
  const t = useTranslations('reviews');
  return <h1>{t('title')}</h1>;
}
