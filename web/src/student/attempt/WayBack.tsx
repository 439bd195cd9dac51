import { useTranslations } from 'use-intl';
import { Link } from 'wouter';

/** Back to the list. */
export function WayBack() {
  const t = useTranslations('student');
  return <Link href="/attempts">{t('back')}</Link>;
}
