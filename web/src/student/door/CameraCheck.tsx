import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { Banner } from '../../ui/Banner';
import { IconCamera, IconCheck } from '../../ui/icons';
import { Spinner } from '../../ui/Spinner';
import { MoreWords } from '../../words/Words';
import { Button } from '../parts/Button';
import { ConsentChoice } from '../pictures/ConsentChoice';
import type { Consent } from '../pictures/consent';
import styles from './CameraCheck.module.css';
import { type CameraFailure, hasTried } from './camera';
import { useCamera } from './useCamera';

export interface CameraCheckProps {
  consent: Consent | undefined;
  onConsent: (consent: Consent) => void;
  /** It works, or was tried and does not. */
  onTried: () => void;
}

/** The camera, where the exam asks for it: why, a look at oneself, and a way on when it fails. */
export function CameraCheck(props: CameraCheckProps) {
  return (
    <MoreWords of={['camera']}>
      <Shown {...props} />
    </MoreWords>
  );
}

function Shown({ consent, onConsent, onTried }: CameraCheckProps) {
  const t = useTranslations('camera.check');
  const { camera, turnOn, turnOff } = useCamera();
  useEffect(() => {
    if (hasTried(camera)) onTried();
  }, [camera, onTried]);
  return (
    <section className={styles.camera} data-camera={camera.name}>
      <h2>{t('title')}</h2>
      <p>{t('why')}</p>
      <ConsentChoice onChange={onConsent} value={consent} />
      <p>{t('check')}</p>
      <div aria-live="polite" className={styles.state}>
        {camera.name === 'asking' && (
          <p className={styles.said}>
            <Spinner /> {t('asking')}
          </p>
        )}
        {(camera.name === 'on' || camera.name === 'worked') && (
          <p className={`${styles.said} ${styles.good}`}>
            <IconCheck /> {t(camera.name)}
          </p>
        )}
        {camera.name === 'failed' && <Failed why={camera.why} />}
      </div>
      {camera.name === 'on' && <Preview stream={camera.stream} />}
      {camera.name === 'on' ? (
        <Button look="quiet" onClick={turnOff}>
          {t('turnOff')}
        </Button>
      ) : (
        <Button isPending={camera.name === 'asking'} onClick={turnOn}>
          <IconCamera />
          {t(camera.name === 'failed' ? 'again' : 'turnOn')}
        </Button>
      )}
    </section>
  );
}

/** What to do about it, and that nobody is locked out by it. */
function Failed({ why }: { why: CameraFailure }) {
  const t = useTranslations('camera.check');
  return (
    <Banner title={t(`failure.${why}`)} tone="warning">
      <p>{t('wayOn')}</p>
    </Banner>
  );
}

function Preview({ stream }: { stream: MediaStream }) {
  const t = useTranslations('camera.check');
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return (
    <video
      aria-label={t('preview')}
      autoPlay
      className={styles.preview}
      muted
      playsInline
      ref={video}
    />
  );
}
