import type { AttemptWithProgress, ExamWithQuestions, Submitted } from '@oep/client';
import { Suspense, useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { IconBack, IconForward } from '../../ui/icons';
import { part } from '../../ui/part';
import { useTitle } from '../../ui/useTitle';
import { Whole } from '../../ui/Whole';
import { Button } from '../parts/Button';
import { SkipLink } from '../parts/SkipLink';
import { FullScreenHint } from './FullScreen';
import { Head } from './Head';
import { Interrupted } from './Interrupted';
import { Navigator } from './Navigator';
import { Notices } from './Notices';
import { stepped } from './progress';
import { QuestionCard } from './QuestionCard';
import styles from './Room.module.css';
import { SubmitDialog } from './SubmitDialog';
import { useCurrentQuestion } from './useCurrentQuestion';
import { useWatching } from './useWatching';

const Pictures = part(() => import('../pictures/Pictures').then((m) => m.Pictures));

export interface RoomProps {
  attempt: AttemptWithProgress;
  exam: ExamWithQuestions;
  /** The clock stands at 0: the attempt is to be read again. */
  onOver: () => void;
  onSubmitted: (done: Submitted) => void;
}

/** The exam room: one question at a time, and everything else around it, quietly. */
export function Room({ attempt, exam, onOver, onSubmitted }: RoomProps) {
  const t = useTranslations('student.room');
  useTitle(exam.title);
  const ids = exam.questions.map(({ id }) => id);
  const { currentId, show, heading } = useCurrentQuestion(attempt, ids);
  const [isSubmitting, setSubmitting] = useState(false);
  useWatching(currentId);
  useLeavingHint();

  const index = ids.indexOf(currentId);
  const question = exam.questions[index];
  if (!question) return null; // an exam without questions cannot be published
  const isLast = index === ids.length - 1;
  return (
    <div className={styles.room}>
      <SkipLink text={t('question', { number: index + 1, total: ids.length })} to="question" />
      <header className={styles.top}>
        <Head
          camera={exam.camera_required && <Camera attemptId={attempt.id} />}
          onOver={onOver}
          onSubmit={() => setSubmitting(true)}
          title={exam.title}
        />
        <Interrupted />
        <FullScreenHint />
      </header>
      <main className={styles.main} id="question" tabIndex={-1}>
        <QuestionCard
          heading={heading}
          key={question.id}
          number={index + 1}
          question={question}
          total={ids.length}
        />
        <div className={styles.steps}>
          <Button disabled={index === 0} onClick={() => show(stepped(ids, currentId, -1))}>
            <IconBack />
            {t('previous')}
          </Button>
          {isLast ? (
            <Button look="primary" onClick={() => setSubmitting(true)}>
              {t('review')}
            </Button>
          ) : (
            <Button look="primary" onClick={() => show(stepped(ids, currentId, 1))}>
              {t('next')}
              <IconForward />
            </Button>
          )}
        </div>
      </main>
      <Navigator currentId={currentId} ids={ids} onShow={show} />
      {isSubmitting && (
        <SubmitDialog
          currentId={currentId}
          ids={ids}
          onClose={() => setSubmitting(false)}
          onGo={(id) => {
            setSubmitting(false);
            show(id);
          }}
          onSubmitted={onSubmitted}
        />
      )}
      <Notices />
    </div>
  );
}

/** The exam goes on without it, also when its code is late or gone. */
function Camera({ attemptId }: { attemptId: number }) {
  return (
    <Whole>
      <Suspense fallback={null}>
        <Pictures attemptId={attemptId} />
      </Suspense>
    </Whole>
  );
}

/** Lets the browser ask before the page is closed or loaded again by mistake. */
function useLeavingHint(): void {
  useEffect(() => {
    const asked = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', asked);
    return () => window.removeEventListener('beforeunload', asked);
  }, []);
}
