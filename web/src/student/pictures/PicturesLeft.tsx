import type { SnapshotState } from '@oep/client/snapshots';
import { useTranslations } from 'use-intl';
import { Banner } from '../../ui/Banner';
import { MoreWords } from '../../words/Words';
import { useSnapshots } from './useSnapshots';

/** Sends what the exam room could not, and says so as long as it lasts. */
export function PicturesLeft({ attemptId }: { attemptId: number }) {
  const { state } = useSnapshots(attemptId);
  if (!state || (state.waiting === 0 && state.refusal === undefined)) return null;
  return (
    <MoreWords of={['camera']}>
      <Left {...state} />
    </MoreWords>
  );
}

function Left({ waiting, refusal }: Pick<SnapshotState, 'waiting' | 'refusal'>) {
  const t = useTranslations('camera.pictures');
  if (waiting > 0) return <Banner tone="info">{t('left', { count: waiting })}</Banner>;
  return (
    <Banner title={t('leftRefused')} tone="info">
      <p>{refusal}</p>
    </Banner>
  );
}
