import { useTranslations } from 'use-intl';
import { PageTitle } from '../../ui/Page';

/** Which administration page an address shows. */
export function AdminPages() {
  const t = useTranslations('admin');
  return <PageTitle title={t('title')} />;
}
