import { useTranslations } from 'use-intl';

/** The student's pages. */
export function Student() {
  const t = useTranslations('common');
  return (
    <main>
      <h1>{t('product')}</h1>
    </main>
  );
}
