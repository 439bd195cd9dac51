import { useEffect } from 'react';
import { useTranslations } from 'use-intl';

/** Names the browser's tab after the page: `Exams · Online Exam Platform`. */
export function useTitle(title: string): void {
  const t = useTranslations('common');
  const product = t('product');
  useEffect(() => {
    document.title = title ? `${title} · ${product}` : product;
  }, [title, product]);
}
