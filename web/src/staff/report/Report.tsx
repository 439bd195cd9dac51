import { useTranslations } from 'use-intl';

/** Comes next; the shell loads it lazily. */
export function Report({ examId }: { examId: number }) {
  const t = useTranslations('report');
  return (
    <h1>
      {t('title')} {examId}
    </h1>
  );
}
