import type { AttemptWithProgress, ExamWithQuestions, Submitted } from '@oep/client';
import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useConnection, useLogin } from '../../api';
import { part } from '../../ui/part';
import { Frame } from '../parts/Frame';
import { Loading } from '../parts/Loading';
import { Problem } from '../parts/Problem';
import type { Time } from '../room/time';
import { screenOf } from '../screen';
import { shelf, timeOf } from './kept';
import { useAttempt, useExam } from './useAttempt';
import { useAround, useSitting } from './useSitting';
import { WayBack } from './WayBack';

const Door = part(() => import('../door/Door').then((m) => m.Door));
const Lobby = part(() => import('../door/Lobby').then((m) => m.Lobby));
const Room = part(() => import('../room/Room').then((m) => m.Room));
const Paused = part(() => import('../room/Paused').then((m) => m.Paused));
const Expired = part(() => import('../room/Expired').then((m) => m.Expired));

/** What may follow the room, at a moment when there is no line. */
export const AFTER_THE_ROOM = [Paused, Expired];

/** The page of an attempt that is not over, as its status and what the platform says of it want. */
export function Live(props: { id: number; onSubmitted: (done: Submitted) => void }) {
  const { id, onSubmitted } = props;
  const t = useTranslations('student');
  const { attempt, kept, reload } = useAttempt(id);
  const { exam, error, reload: reloadExam } = useExam(attempt?.exam_id, kept);
  const [hasAsked, setAsked] = useState(false);
  const sitting = useSitting();
  useFreshAttempt(id, sitting.staleness);
  useKeeping(kept ? undefined : attempt, exam, sitting.time);
  useAfterCut(kept !== undefined, reload, reloadExam);

  if (!attempt || !exam) {
    if (!error) return <Loading />;
    return (
      <Frame above={<WayBack />} title={t('title')}>
        <Problem error={error} onRetry={reloadExam} />
      </Frame>
    );
  }
  const isWaiting = sitting.isWaiting ?? attempt.is_waiting_for_authorisation;
  const isPaused = sitting.time.pausedSeconds !== null;
  const submitted = async (done: Submitted) => {
    onSubmitted(done);
    await reload();
  };
  switch (screenOf({ status: attempt.status, isWaiting, hasAsked, isPaused })) {
    case 'lobby':
      return <Lobby exam={exam} onBack={() => setAsked(false)} />;
    case 'room':
      return <Room attempt={attempt} exam={exam} onOver={reload} onSubmitted={submitted} />;
    case 'paused':
      return <Paused exam={exam} />;
    case 'expired':
      return <Expired exam={exam} onSubmitted={submitted} />;
    default:
      return (
        <Door
          attempt={attempt}
          exam={exam}
          hasAsked={hasAsked}
          isWaiting={isWaiting}
          onAsked={() => setAsked(true)}
          onBegun={reload}
        />
      );
  }
}

/** Hands the attempt, whenever it was read, to what goes on around it, and reads it when that says so. */
function useFreshAttempt(id: number, staleness: number): void {
  const around = useAround();
  const { attempt, kept, reload } = useAttempt(id);
  useEffect(() => {
    if (attempt) around.read(attempt, timeOf(kept));
  }, [around, attempt, kept]);
  useEffect(() => {
    if (staleness > 0) reload();
  }, [staleness, reload]);
}

/** Keeps what a reload in a cut needs, as long as the attempt runs. */
function useKeeping(
  attempt: AttemptWithProgress | undefined,
  exam: ExamWithQuestions | undefined,
  time: Time,
): void {
  const { login } = useLogin();
  const userId = login?.user.id;
  useEffect(() => {
    if (userId === undefined || attempt?.status !== 'in_progress' || !exam) return;
    void shelf.put(userId, attempt, exam, { ...time });
  }, [userId, attempt, exam, time]);
}

/** Asks the platform in place of what was kept, as soon as it can be reached. */
function useAfterCut(
  isKept: boolean,
  reload: () => Promise<unknown>,
  reloadExam: () => Promise<unknown>,
): void {
  const { name } = useConnection();
  useEffect(() => {
    if (!isKept || name !== 'online') return;
    reload();
    reloadExam();
  }, [isKept, name, reload, reloadExam]);
}
