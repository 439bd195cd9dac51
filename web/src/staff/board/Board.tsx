import { useTranslations } from 'use-intl';

/** The live board of an exam. */
export function Board(_: { examId: number }) {
  const t = useTranslations('board');
  return <h1>{t('title')}</h1>;
}
