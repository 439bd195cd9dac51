import { useTranslations } from 'use-intl';
import { useSearchParams } from 'wouter';
import { useGet, useLogin } from '../../api';
import { Link } from '../../ui/Link';
import { PageTitle } from '../../ui/Page';
import { ProblemBox } from '../../ui/ProblemBox';
import { Loading } from '../../ui/Spinner';
import { RelativeTime } from '../../ui/Time';
import { MoreWords } from '../../words/Words';
import { opens } from '../roles';
import { AttemptTable } from './attempts/AttemptTable';
import { Delivery } from './Delivery';
import { Downloads } from './Downloads';
import { EventTypes } from './EventTypes';
import { HeatMapPart } from './HeatMapPart';
import { KeyFigures } from './KeyFigures';
import { QuestionPart } from './QuestionPart';
import styles from './Report.module.css';
import { RiskPart } from './RiskPart';
import { ScorePart } from './ScorePart';
import { wantedOf } from './wanted';

/** What an exam looks like as a whole: figures, spreads, outliers, and every attempt in pages. */
export function Report({ examId }: { examId: number }) {
  return (
    <MoreWords of={['report', 'attempt', 'reviews']}>
      <Shown examId={examId} />
    </MoreWords>
  );
}

function Shown({ examId }: { examId: number }) {
  const t = useTranslations('report');
  const user = useLogin().login?.user;
  const [query, setQuery] = useSearchParams();
  const wanted = wantedOf(query);
  const path = { exam_id: examId };
  const exam = useGet('/api/v1/exams/{exam_id}', { params: { path } });
  // The page of attempts is asked for on its own, with search; here only what is counted matters.
  const report = useGet('/api/v1/proctoring/exams/{exam_id}/report', {
    params: { path, query: { limit: 1 } },
  });
  const events = useGet('/api/v1/proctoring/exams/{exam_id}/report/events', {
    params: { path, query: { limit: 1, bucket_seconds: 86_400 } },
  });
  const title = exam.data?.title ?? t('exam', { id: String(examId) });
  return (
    <div className={styles.page}>
      <PageTitle
        above={
          user && opens(user, 'board') && <Link to={`/exams/${examId}/board`}>{t('to_board')}</Link>
        }
        actions={<Downloads examId={examId} wanted={wanted} />}
        below={
          report.data && (
            <>
              {t('as_of')} <RelativeTime at={report.data.generated_at} />
            </>
          )
        }
        title={t('of', { title })}
      />
      {report.error && <ProblemBox onRetry={() => report.refetch()} problem={report.error} />}
      {report.isPending && <Loading />}
      {report.data && (
        <>
          <KeyFigures examId={examId} report={report.data} />
          <div className={styles.columns}>
            <RiskPart bins={report.data.risk_histogram} />
            <ScorePart examId={examId} />
          </div>
          <EventTypes counts={events.data?.event_types} error={events.error} />
          <HeatMapPart examId={examId} />
          <QuestionPart examId={examId} />
          <AttemptTable examId={examId} onQuery={setQuery} wanted={wanted} />
          <Delivery examId={examId} />
        </>
      )}
    </div>
  );
}
