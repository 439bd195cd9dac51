import { AnswersUnconfirmed, type Submitted } from '@oep/client';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useRoom } from '../../api';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { Problem } from '../parts/Problem';
import { leaveFullScreen } from './FullScreen';
import { type Place, type Summary, summaryOf } from './progress';
import styles from './SubmitDialog.module.css';
import { usePlaces } from './usePlaces';

export interface SubmitDialogProps {
  ids: readonly number[];
  currentId: number;
  onClose: () => void;
  onGo: (id: number) => void;
  onSubmitted: (done: Submitted) => void;
}

type Step = 'answers' | 'events' | 'submit' | 'receipt';

/** Shows what is open before it is too late, and submits. */
export function SubmitDialog({ ids, currentId, onClose, onGo, onSubmitted }: SubmitDialogProps) {
  const t = useTranslations('student.submit');
  const room = useRoom();
  const summary = summaryOf(usePlaces(ids, currentId));
  const [step, setStep] = useState<Step>();
  const [error, setError] = useState<unknown>();
  const isUnconfirmed = error instanceof AnswersUnconfirmed;

  async function submit(anyway: boolean) {
    setError(undefined);
    setStep('answers');
    try {
      const done = await room.submit({ anyway, onStep: setStep });
      await leaveFullScreen();
      onSubmitted(done);
    } catch (cause) {
      setError(cause);
      setStep(undefined);
    }
  }

  return (
    <Dialog
      actions={
        <>
          <Button
            isPending={step !== undefined}
            look={isUnconfirmed ? 'danger' : 'primary'}
            onClick={() => submit(isUnconfirmed)}
          >
            {t(isUnconfirmed ? 'anyway' : 'yes')}
          </Button>
          <Button autoFocus disabled={step !== undefined} onClick={onClose}>
            {t('no')}
          </Button>
        </>
      }
      onClose={step === undefined ? onClose : undefined}
      title={t('title')}
    >
      <Overview onGo={onGo} summary={summary} />
      <p>{t('final')}</p>
      <p aria-live="polite" className={styles.step}>
        {step && t(`step.${step}`)}
      </p>
      {isUnconfirmed && (
        <p className={styles.warning} role="alert">
          {t('unconfirmed', { count: error.questionIds.length })}
        </p>
      )}
      {error !== undefined && !isUnconfirmed && (
        <>
          <Problem error={error} />
          <p>{t('failed')}</p>
        </>
      )}
    </Dialog>
  );
}

function Overview({ summary, onGo }: { summary: Summary; onGo: (id: number) => void }) {
  const t = useTranslations('student.submit');
  const { answered, total, unanswered, flagged, unsaved } = summary;
  return (
    <>
      <p className={styles.answered}>{t('answered', { answered, total })}</p>
      <Places
        label={t('unanswered', { count: unanswered.length })}
        onGo={onGo}
        places={unanswered}
      />
      <Places label={t('flagged', { count: flagged.length })} onGo={onGo} places={flagged} />
      {unsaved.length > 0 && (
        <p className={styles.warning}>
          {t('unsaved', { count: unsaved.length })} {t('unsavedHint')}
        </p>
      )}
    </>
  );
}

function Places(props: { label: string; places: readonly Place[]; onGo: (id: number) => void }) {
  const t = useTranslations('student.submit');
  if (props.places.length === 0) return null;
  return (
    <div className={styles.places}>
      <span>{props.label}</span>
      {props.places.map(({ id, number }) => (
        <Button aria-label={t('go', { number })} key={id} onClick={() => props.onGo(id)}>
          {number}
        </Button>
      ))}
    </div>
  );
}
