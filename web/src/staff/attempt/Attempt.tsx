import { useTranslations } from 'use-intl';

/** Comes next; the shell loads it lazily. */
export function Attempt({ attemptId }: { attemptId: number }) {
  const t = useTranslations('attempt');
  return (
    <h1>
      {t('title')} {attemptId}
    </h1>
  );
}
