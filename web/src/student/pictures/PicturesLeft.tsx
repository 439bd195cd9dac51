import { useTranslations } from 'use-intl';
import { Banner } from '../../ui/Banner';
import { useSnapshots } from './useSnapshots';

/** Sends what the exam room could not, and says so as long as it lasts. */
export function PicturesLeft({ attemptId }: { attemptId: number }) {
  const t = useTranslations('student.pictures');
  const { state } = useSnapshots(attemptId);
  if (!state) return null;
  const { waiting, refusal } = state;
  if (waiting > 0) return <Banner tone="info">{t('left', { count: waiting })}</Banner>;
  return refusal === undefined ? null : (
    <Banner title={t('leftRefused')} tone="info">
      <p>{refusal}</p>
    </Banner>
  );
}
