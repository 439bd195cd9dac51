import { useTranslations } from 'use-intl';
import { WayBack } from '../attempt/WayBack';
import { Frame } from '../parts/Frame';

/** An attempt that the staff have ended. */
export function Cancelled() {
  const t = useTranslations('student.over');
  return (
    <Frame above={<WayBack />} title={t('cancelled')}>
      <p>{t('cancelledHint')}</p>
    </Frame>
  );
}
