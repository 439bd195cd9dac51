import { useCallback, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLogin } from '../../../api';
import { EmptyState } from '../../../ui/EmptyState';
import { IconCamera } from '../../../ui/icons';
import { Pagination } from '../../../ui/Pagination';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import { beside, type Snapshot, useGallery } from './gallery';
import { Large } from './Large';
import styles from './Snapshots.module.css';
import { Thumbnail } from './Thumbnail';

const PAGE = 24;

export interface SnapshotsProps {
  attemptId: number;
  isLive: boolean;
  onEvent: (sequence: number) => void;
}

/** The pictures that were taken during the attempt, for those who watch the exam; who only marks sees none. */
export function Snapshots({ attemptId, isLive, onEvent }: SnapshotsProps) {
  const t = useTranslations('attempt.snapshots');
  const { keeper } = useLogin();
  const mayLook = keeper.hasRole('admin', 'proctor', 'hall_in_charge');
  const gallery = useGallery(attemptId, isLive, mayLook);
  return (
    <Panel title={t('title')}>
      {!mayLook && <p className={styles.quiet}>{t('not_yours')}</p>}
      {gallery.error && <ProblemBox onRetry={() => gallery.refetch()} problem={gallery.error} />}
      {gallery.isLoading && <Loading />}
      {gallery.data?.length === 0 && (
        <EmptyState icon={IconCamera} title={t('none')}>
          <p>{t('why')}</p>
        </EmptyState>
      )}
      {gallery.data && gallery.data.length > 0 && <Shown all={gallery.data} onEvent={onEvent} />}
    </Panel>
  );
}

/** A page of them, the newest at first. */
function Shown({
  all,
  onEvent,
}: {
  all: readonly Snapshot[];
  onEvent: (sequence: number) => void;
}) {
  const t = useTranslations('attempt.snapshots');
  const [chosen, setChosen] = useState<number>();
  const [open, setOpen] = useState<number>();
  const newest = Math.floor((all.length - 1) / PAGE) * PAGE;
  const skip = Math.min(chosen ?? newest, newest);
  const step = useCallback(
    (by: -1 | 1) => setOpen((place = 0) => beside(place, by, all.length)),
    [all.length],
  );
  const large = open === undefined ? undefined : all[open];
  return (
    <>
      <p className={styles.quiet}>{t('looked')}</p>
      <ol className={styles.gallery} start={skip + 1}>
        {all.slice(skip, skip + PAGE).map((each, index) => (
          <Thumbnail key={each.snapshot_id} of={each} onOpen={() => setOpen(skip + index)} />
        ))}
      </ol>
      {all.length > PAGE && (
        <Pagination limit={PAGE} onSkip={setChosen} skip={skip} total={all.length} />
      )}
      {large && open !== undefined && (
        <Large
          number={open + 1}
          of={large}
          onClose={() => setOpen(undefined)}
          onEvent={(sequence) => {
            setOpen(undefined);
            onEvent(sequence);
          }}
          onStep={step}
          total={all.length}
        />
      )}
    </>
  );
}
