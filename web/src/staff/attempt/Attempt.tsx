import type { BoardRow, Schemas } from '@oep/client';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useGet, useLogin } from '../../api';
import { Banner } from '../../ui/Banner';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Loading } from '../../ui/Spinner';
import { MoreWords } from '../../words/Words';
import styles from './Attempt.module.css';
import { Care } from './care/Care';
import { useEvents } from './events';
import { Evidence } from './evidence/Evidence';
import { Header } from './Header';
import { LiveRow } from './LiveRow';
import { ReviewPart } from './ReviewPart';
import { Risk } from './risk/Risk';
import { Snapshots } from './snapshots/Snapshots';
import { Actions } from './talk/Actions';
import { Chat } from './talk/Chat';
import { History, type HistoryHandle } from './timeline/History';
import { QuestionTiming } from './timing/QuestionTiming';

/** Everything that is known about one attempt, for whoever watches or judges it. */
export function Attempt({ attemptId }: { attemptId: number }) {
  return (
    <MoreWords of={['attempt', 'reviews']}>
      <Loaded attemptId={attemptId} />
    </MoreWords>
  );
}

function Loaded({ attemptId }: { attemptId: number }) {
  const [isLive, setLive] = useState(true);
  const report = useGet(
    '/api/v1/proctoring/attempt/{attempt_id}/report',
    { params: { path: { attempt_id: attemptId }, query: { limit: 1 } } },
    isLive ? { refetchInterval: 5_000 } : {},
  );
  const status = report.data?.attempt.status;
  const isOpen = status === undefined || OPEN.has(status);
  if (isOpen !== isLive) setLive(isOpen);
  if (!report.data) {
    if (!report.error) return <Loading />;
    return <ProblemBox onRetry={() => report.refetch()} problem={report.error} />;
  }
  return <Shown isOpen={isOpen} report={report.data} />;
}

const OPEN: ReadonlySet<string> = new Set(['not_started', 'in_progress', 'expired']);

function Shown({ report, isOpen }: { report: Schemas['AttemptReport']; isOpen: boolean }) {
  const t = useTranslations('attempt');
  const { attempt_id: attemptId, exam_id: examId } = report.attempt;
  const { keeper } = useLogin();
  const [row, setRow] = useState<BoardRow>();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const history = useRef<HistoryHandle>(null);
  const events = useEvents(attemptId, isOpen);
  const exam = useGet('/api/v1/exams/{exam_id}', { params: { path: { exam_id: examId } } });
  const attempt = useGet(
    '/api/v1/attempts/{attempt_id}',
    { params: { path: { attempt_id: attemptId } } },
    isOpen ? { refetchInterval: 5_000 } : {},
  );
  const showIds = useCallback((ids: number[]) => {
    setChosen(new Set(ids));
    history.current?.show(ids);
  }, []);
  const bySequence = useMemo(
    () => new Map(events.data?.events.map((event) => [event.sequence, event.id])),
    [events.data],
  );
  const showNumber = (sequence: number) => {
    const id = bySequence.get(sequence);
    if (id !== undefined) showIds([id]);
  };
  const search = report.attempt.hall_ticket_number;
  const isWatched = isOpen && search !== null && keeper.hasRole('admin', 'proctor');
  return (
    <div className={styles.page}>
      {isWatched && (
        <LiveRow attemptId={attemptId} examId={examId} onRow={setRow} search={search} />
      )}
      <Header attempt={attempt.data} examTitle={exam.data?.title} report={report} row={row} />
      <Panel title={t('timeline.title')}>
        {events.error && <ProblemBox onRetry={() => events.refetch()} problem={events.error} />}
        {events.isPending && <Loading />}
        {events.data?.isCut && <Banner title={t('timeline.cut')} tone="warning" />}
        {events.data && (
          <History
            chosen={chosen}
            events={events.data.events}
            onChosen={setChosen}
            ref={history}
            sitting={report.attempt}
          />
        )}
      </Panel>
      <div className={styles.columns}>
        <Risk attemptId={attemptId} isLive={isOpen} onEvents={showIds} />
        <ReviewPart attemptId={attemptId} chosen={chosen} />
      </div>
      <QuestionTiming examId={examId} paces={report.question_timings} />
      <div className={styles.columns}>
        <Chat attemptId={attemptId} isOpen={isOpen} />
        <Actions attemptId={attemptId} isLive={isOpen} />
      </div>
      <Evidence attemptId={attemptId} onEvent={showNumber} />
      <Snapshots attemptId={attemptId} isLive={isOpen} onEvent={showNumber} />
      <Care attemptId={attemptId} />
    </div>
  );
}
