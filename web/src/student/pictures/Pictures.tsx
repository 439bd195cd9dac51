import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { announce } from '../../ui/announce';
import { IconCamera } from '../../ui/icons';
import { MoreWords } from '../../words/Words';
import { Button } from '../parts/Button';
import styles from './Pictures.module.css';
import { PicturesDialog } from './PicturesDialog';
import { usePictures } from './usePictures';

/** Whether the camera is on, always in the same place; a press shows what it takes. */
export function Pictures({ attemptId }: { attemptId: number }) {
  return (
    <MoreWords of={['camera']}>
      <Shown attemptId={attemptId} />
    </MoreWords>
  );
}

function Shown({ attemptId }: { attemptId: number }) {
  const t = useTranslations('camera.pictures');
  const run = usePictures(attemptId);
  const [isOpen, setOpen] = useState(false);
  const isOn = run.camera.name === 'on' && run.consent === 'given';
  const isFailed = run.camera.name === 'failed';
  useEffect(() => {
    if (isOn) announce(t('saidOn'));
    if (isFailed) announce(t('saidFailed'));
  }, [isOn, isFailed, t]);
  return (
    <>
      <Button data-pictures={isOn ? 'on' : 'off'} onClick={() => setOpen(true)}>
        <span className={isOn ? styles.on : styles.off}>
          <IconCamera />
        </span>
        {t(isOn ? 'on' : 'off')}
      </Button>
      {isOpen && <PicturesDialog onClose={() => setOpen(false)} run={run} />}
    </>
  );
}
