import { useTranslations } from 'use-intl';
import { EmptyState } from '../../ui/EmptyState';
import { IconCamera } from '../../ui/icons';
import { Panel } from '../../ui/Panel';

/** The place of pictures from the room; the platform takes none yet, and the page says so. */
export function Snapshots() {
  const t = useTranslations('attempt.snapshots');
  return (
    <Panel title={t('title')}>
      <EmptyState icon={IconCamera} title={t('none')}>
        <p>{t('why')}</p>
      </EmptyState>
    </Panel>
  );
}
