import { useTranslations } from 'use-intl';

/** The staff's pages. */
export function Staff() {
  const t = useTranslations('common');
  return (
    <main>
      <h1>{t('product')}</h1>
    </main>
  );
}
