import { useEffect, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { Banner } from '../../ui/Banner';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import styles from './Pictures.module.css';
import { PicturesWords } from './PicturesWords';
import type { PicturesRun, Taken } from './usePictures';

/** What was taken last, what became of all that was taken, and the way to stop it. */
export function PicturesDialog({ run, onClose }: { run: PicturesRun; onClose: () => void }) {
  const t = useTranslations('camera.pictures');
  const failure = useTranslations('camera.check.failure');
  const { camera, consent, last, state } = run;
  const isOn = camera.name === 'on' && consent === 'given';
  const isOff = state?.isOff === true;
  return (
    <Dialog
      actions={
        <>
          {!isOn && !isOff && (
            <Button isPending={camera.name === 'asking'} look="primary" onClick={run.turnOn}>
              {t('turnOn')}
            </Button>
          )}
          <Button autoFocus onClick={onClose}>
            {t('close')}
          </Button>
          {isOn && (
            <Button look="quiet" onClick={run.refuse}>
              {t('stop')}
            </Button>
          )}
        </>
      }
      onClose={onClose}
      title={t('title')}
    >
      {isOff && <Banner tone="info">{t('none')}</Banner>}
      {camera.name === 'failed' && !isOff && (
        <Banner title={failure(camera.why)} tone="warning">
          <p>{t('goesOn')}</p>
        </Banner>
      )}
      {last && <Last taken={last} />}
      <Counts run={run} />
      <PicturesWords />
    </Dialog>
  );
}

function Last({ taken }: { taken: Taken }) {
  const t = useTranslations('camera.pictures');
  const format = useFormatter();
  const [address, setAddress] = useState<string>();
  const { picture, at } = taken;
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([picture.content], { type: picture.media_type }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return (
    <figure className={styles.last}>
      {address && <img alt={t('lastAlt')} src={address} />}
      <figcaption className={styles.quiet}>
        {t('last', { at: format.dateTime(at, { timeStyle: 'medium' }) })}
      </figcaption>
    </figure>
  );
}

function Counts({ run: { state } }: { run: PicturesRun }) {
  const t = useTranslations('camera.pictures');
  if (!state) return null;
  const { sent, waiting, givenUp, refused, refusal } = state;
  return (
    <div>
      <p>{t('sent', { count: sent })}</p>
      {waiting > 0 && <p>{t('waiting', { count: waiting })}</p>}
      {givenUp > 0 && <p>{t('givenUp', { count: givenUp })}</p>}
      {refused > 0 && (
        <p>
          {t('refusedCount', { count: refused })} {refusal}
        </p>
      )}
    </div>
  );
}
