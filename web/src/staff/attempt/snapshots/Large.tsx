import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useFileAddress } from '../../../api';
import { announce } from '../../../ui/announce';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { IconBack, IconForward } from '../../../ui/icons';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Spinner } from '../../../ui/Spinner';
import { Instant } from '../../../ui/Time';
import { isSame, type Snapshot, usePicture } from './gallery';
import styles from './Snapshots.module.css';
import { useAlt } from './useAlt';

export interface LargeProps {
  of: Snapshot;
  /** Its place among all, from 1. */
  number: number;
  total: number;
  onStep: (step: -1 | 1) => void;
  onClose: () => void;
  /** Shows the event that tells of it. */
  onEvent: (sequence: number) => void;
}

/** A picture as large as it came, with what is known of it; the arrow keys go through all. */
export function Large({ of, number, total, onStep, onClose, onEvent }: LargeProps) {
  const t = useTranslations('attempt.snapshots');
  const alt = useAlt();
  const picture = usePicture(of, true);
  const address = useFileAddress(picture.data);
  useArrows(onStep);
  const said = `${t('place', { number, total })}: ${alt(of)}`;
  useEffect(() => announce(said), [said]);
  return (
    <Dialog
      actions={
        <>
          <Button isDisabled={number === total} onPress={() => onStep(1)}>
            {t('later')}
            <IconForward />
          </Button>
          <Button isDisabled={number === 1} onPress={() => onStep(-1)}>
            <IconBack />
            {t('earlier')}
          </Button>
          <Button look="quiet" onPress={() => onEvent(of.sequence)}>
            {t('show_event', { number: of.sequence })}
          </Button>
        </>
      }
      isOpen
      onClose={onClose}
      title={t('place', { number, total })}
      width="wide"
    >
      <div className={styles.large}>
        {of.sha256 === null && <p>{t('erased')}</p>}
        {address && <img alt={alt(of)} src={address} />}
        {picture.isLoading && <Spinner />}
        {picture.error && <ProblemBox onRetry={() => picture.refetch()} problem={picture.error} />}
      </div>
      <dl className={styles.facts}>
        <Fact name={t('taken')}>
          <Instant at={of.taken_at} look="time" /> {t(of.source)}
        </Fact>
        <Fact name={t('received')}>
          <Instant at={of.received_at} look="time" /> {of.late && t('late')}
        </Fact>
        {of.sha256 !== null && (
          <Fact name="SHA-256">
            <code className={styles.hash}>{of.sha256}</code>{' '}
            {picture.data && <Verdict file={picture.data} sha256={of.sha256} />}
          </Fact>
        )}
      </dl>
    </Dialog>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Says whether the file that came is the one that the record names. */
function Verdict({ file, sha256 }: { file: Blob; sha256: string }) {
  const t = useTranslations('attempt.snapshots');
  const [isIntact, setIntact] = useState<boolean>();
  useEffect(() => {
    let isHere = true;
    void isSame(file, sha256).then((found) => isHere && setIntact(found));
    return () => {
      isHere = false;
    };
  }, [file, sha256]);
  if (isIntact === undefined) return null;
  return (
    <strong className={isIntact ? styles.good : styles.bad}>
      {t(isIntact ? 'intact' : 'not_intact')}
    </strong>
  );
}

/** Arrow keys, by the direction of reading. */
function useArrows(onStep: (step: -1 | 1) => void): void {
  useEffect(() => {
    const pressed = ({ key }: KeyboardEvent) => {
      if (key !== 'ArrowLeft' && key !== 'ArrowRight') return;
      const isRightToLeft = getComputedStyle(document.documentElement).direction === 'rtl';
      onStep((key === 'ArrowRight') === isRightToLeft ? -1 : 1);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [onStep]);
}
