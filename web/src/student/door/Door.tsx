import { type AttemptWithProgress, type ExamWithQuestions, Refusal } from '@oep/client';
import { Suspense, useCallback, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useApi } from '../../api';
import { part } from '../../ui/part';
import { Whole } from '../../ui/Whole';
import { WayBack } from '../attempt/WayBack';
import { Button } from '../parts/Button';
import { Frame } from '../parts/Frame';
import { Loading } from '../parts/Loading';
import { Problem } from '../parts/Problem';
import { type Consent, consentOf, keepConsent } from '../pictures/consent';
import { fillScreen } from '../room/FullScreen';
import { Checks } from './Checks';
import { type Lack, lackOf } from './check';
import styles from './Door.module.css';
import { Facts } from './Facts';
import { Honest } from './Honest';
import { Prose } from './Prose';
import { useChecks } from './useChecks';
import { useOpening } from './useOpening';
import { Waiting } from './Waiting';

const CameraCheck = part(() => import('./CameraCheck').then((m) => m.CameraCheck));

export interface DoorProps {
  attempt: AttemptWithProgress;
  exam: ExamWithQuestions;
  /** A proctor has to let the student in. */
  isWaiting: boolean;
  /** He was here before, on his way through the lobby. */
  hasAsked: boolean;
  onAsked: () => void;
  /** The clock runs: the attempt is to be read again. */
  onBegun: () => Promise<unknown>;
}

/** Before the exam: what it is, whether this computer is fit, and the button that begins it. */
export function Door(props: DoorProps) {
  const t = useTranslations('student.door');
  const { attempt, exam, hasAsked } = props;
  const check = useChecks(attempt.id);
  const [consent, setConsent] = useState(() => consentOf(attempt.id));
  const isCameraDue = exam.camera_required && !hasAsked;
  const [isTried, setTried] = useState(false);
  const due = { consent, hasTried: isTried };
  const lack = lackOf(check.checks, isCameraDue ? due : undefined);
  const tried = useCallback(() => setTried(true), []);
  const say = (next: Consent) => {
    keepConsent(attempt.id, next);
    setConsent(next);
  };
  return (
    <Frame above={<WayBack />} title={exam.title}>
      <Facts exam={exam} minutes={attempt.duration_minutes} />
      {exam.instructions && (
        <section className={styles.part}>
          <h2>{t('instructions')}</h2>
          <Prose text={exam.instructions} />
        </section>
      )}
      <Checks check={check} />
      {exam.camera_required && (
        <Whole>
          <Suspense fallback={<Loading />}>
            <CameraCheck consent={consent} onConsent={say} onTried={tried} />
          </Suspense>
        </Whole>
      )}
      <Honest hasCamera={exam.camera_required} />
      <Begin {...props} lack={lack} />
    </Frame>
  );
}

function Begin({
  attempt,
  exam,
  isWaiting,
  lack,
  onAsked,
  onBegun,
}: DoorProps & { lack: Lack | undefined }) {
  const t = useTranslations('student.door');
  const format = useFormatter();
  const api = useApi();
  const opening = useOpening(exam);
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);

  async function begin() {
    setError(undefined);
    if (isWaiting) return onAsked();
    setPending(true);
    await fillScreen(); // first: browsers allow it only right after the press
    try {
      const path = { attempt_id: attempt.id };
      await api.post('/api/v1/attempts/{attempt_id}/begin', { params: { path } });
      await onBegun();
    } catch (cause) {
      if (cause instanceof Refusal && cause.slug === 'waiting-for-authorisation') onAsked();
      else setError(cause);
    } finally {
      setPending(false);
    }
  }

  if (opening.state === 'closed') {
    return <p className={styles.closed}>{t('closed', { at: format.dateTime(opening.at, AT) })}</p>;
  }
  return (
    <section className={styles.begin}>
      {opening.state === 'later' && <Waiting at={opening.at} seconds={opening.seconds} />}
      {error !== undefined && <Problem error={error} />}
      <Button
        disabled={lack !== undefined || opening.state === 'later'}
        isPending={isPending}
        look="primary"
        onClick={begin}
      >
        {t(isWaiting ? 'ask' : 'begin')}
      </Button>
      <p className={styles.quiet}>{t(lack ?? (isWaiting ? 'askHint' : 'beginHint'))}</p>
    </section>
  );
}

const AT = { dateStyle: 'medium', timeStyle: 'short' } as const;
