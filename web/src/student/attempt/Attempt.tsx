import type { Submitted } from '@oep/client';
import { Suspense, useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { RoomProvider, useLogin } from '../../api';
import { part } from '../../ui/part';
import { Frame } from '../parts/Frame';
import { Loading } from '../parts/Loading';
import { Problem } from '../parts/Problem';
import { Elsewhere } from './Elsewhere';
import { shelf } from './kept';
import { AFTER_THE_ROOM, Live } from './Live';
import { useAttempt } from './useAttempt';
import { useOneTab } from './useOneTab';
import { WayBack } from './WayBack';

const Result = part(() => import('../result/Result').then((m) => m.Result));
const Cancelled = part(() => import('../result/Cancelled').then((m) => m.Cancelled));

const SOON_MS = 3_000;

/** One attempt, from its instructions to its result: which page it is follows from its status. */
export function Attempt({ id }: { id: number }) {
  const t = useTranslations('student');
  const { attempt, error, reload } = useAttempt(id);
  const [done, setDone] = useState<Submitted>();
  useAllCode(attempt?.status === 'in_progress');
  useForgetting(id, attempt !== undefined && attempt.status !== 'in_progress');
  if (!attempt) {
    if (!error) return <Loading />;
    return (
      <Frame above={<WayBack />} title={t('title')}>
        <Problem error={error} onRetry={reload} />
      </Frame>
    );
  }
  const isSubmitted = attempt.status === 'submitted' || attempt.status === 'graded';
  return (
    <Suspense fallback={<Loading />}>
      {isSubmitted && <Result attempt={attempt} done={done} />}
      {attempt.status === 'cancelled' && <Cancelled />}
      {!isSubmitted && attempt.status !== 'cancelled' && <Open id={id} onSubmitted={setDone} />}
    </Suspense>
  );
}

/** An attempt that is not over: in one tab, with its socket and all that is kept for it. */
function Open({ id, onSubmitted }: { id: number; onSubmitted: (done: Submitted) => void }) {
  const t = useTranslations('student');
  const { tab, take } = useOneTab(id);
  if (tab === 'asking') return <Loading />;
  if (tab === 'elsewhere') return <Elsewhere onTake={take} />;
  return (
    <RoomProvider
      attemptId={id}
      failed={(error, again) => (
        <Frame above={<WayBack />} title={t('title')}>
          <Problem error={error} onRetry={again} />
        </Frame>
      )}
      opening={<Loading text={t('room.loading')} />}
    >
      <Live id={id} onSubmitted={onSubmitted} />
    </RoomProvider>
  );
}

/** Has all code here soon after an attempt began, whatever comes and however the line is then. */
function useAllCode(isRunning: boolean): void {
  useEffect(() => {
    if (!isRunning) return;
    const soon = setTimeout(() => {
      for (const each of [...AFTER_THE_ROOM, Result, Cancelled]) void each.fetchSoon();
    }, SOON_MS);
    return () => clearTimeout(soon);
  }, [isRunning]);
}

/** Drops what a reload in a cut would need: there is nothing to come back to. */
function useForgetting(id: number, isOver: boolean): void {
  const { login } = useLogin();
  const userId = login?.user.id;
  useEffect(() => {
    if (isOver && userId !== undefined) void shelf.forget(userId, id);
  }, [id, userId, isOver]);
}
