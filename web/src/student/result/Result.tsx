import type { AttemptResult, AttemptWithProgress, Submitted } from '@oep/client';
import { useFormatter, useTranslations } from 'use-intl';
import { useGet } from '../../api';
import { Banner } from '../../ui/Banner';
import { Duration } from '../../ui/Time';
import { WayBack } from '../attempt/WayBack';
import { Frame } from '../parts/Frame';
import { Loading } from '../parts/Loading';
import { Problem } from '../parts/Problem';
import { PicturesLeft } from '../pictures/PicturesLeft';
import { Answers } from './Answers';
import { isUnfinished } from './outcome';
import { Receipt } from './Receipt';
import styles from './Result.module.css';
import { Review } from './Review';

const AGAIN_MS = 30_000;

export interface ResultProps {
  attempt: AttemptWithProgress;
  /** What became of the submit, where it was made on this page just now. */
  done: Submitted | undefined;
}

/** After the exam: that all has arrived, the receipt, the result as far as there is one, and the answers. */
export function Result({ attempt, done }: ResultProps) {
  const t = useTranslations('student.result');
  const { data, error, refetch } = useGet(
    '/api/v1/attempts/{attempt_id}/result',
    { params: { path: { attempt_id: attempt.id } } },
    // marks that people give come later
    attempt.status === 'submitted' ? { refetchInterval: AGAIN_MS } : {},
  );
  if (!data && !error) return <Loading />;
  return (
    <Frame above={<WayBack />} title={t(data && !isUnfinished(data) ? 'graded' : 'title')}>
      <Banner tone="good">{t('thanks')}</Banner>
      {done && <Left done={done} />}
      <PicturesLeft attemptId={attempt.id} />
      {error && <Problem error={error} onRetry={refetch} />}
      {data && <Score result={data} />}
      <Review attemptId={attempt.id} />
      <Receipt attemptId={attempt.id} />
      {data && <Answers result={data} />}
    </Frame>
  );
}

/** What could not be sent; said once, right after the submit. */
function Left({ done }: { done: Submitted }) {
  const t = useTranslations('student.result');
  const { answersUnconfirmed, eventsLeft } = done;
  return (
    <>
      {answersUnconfirmed.length > 0 && (
        <Banner tone="warning">{t('answersLost', { count: answersUnconfirmed.length })}</Banner>
      )}
      {eventsLeft > 0 && <Banner tone="info">{t('eventsLeft', { count: eventsLeft })}</Banner>}
    </>
  );
}

function Score({ result }: { result: AttemptResult }) {
  const t = useTranslations('student.result');
  const format = useFormatter();
  const isOpen = isUnfinished(result);
  return (
    <section className={styles.score}>
      {isOpen && <p className={styles.quiet}>{t('waiting')}</p>}
      <p className={styles.marks}>
        {isOpen && <span className={styles.quiet}>{t('soFar')} </span>}
        {t('score', { score: result.score, total: result.total_marks })}
      </p>
      {!isOpen && (
        <p className={result.is_passed ? styles.passed : styles.failed}>
          {t(result.is_passed ? 'passed' : 'failed')}
          {result.percentage !== null && ` · ${format.number(result.percentage)} %`}
        </p>
      )}
      <p className={styles.quiet}>{t('needed', { percentage: result.exam.passing_percentage })}</p>
      <dl className={styles.facts}>
        <Fact name={t('correct')}>{result.correct_answers ?? '–'}</Fact>
        <Fact name={t('incorrect')}>{result.incorrect_answers ?? '–'}</Fact>
        <Fact name={t('unattempted')}>{result.unattempted ?? '–'}</Fact>
        <Fact name={t('timeTaken')}>
          <Duration seconds={result.time_taken_seconds} />
        </Fact>
        {result.submit_time && (
          <Fact name={t('submittedAt')}>
            {format.dateTime(new Date(result.submit_time), { timeStyle: 'short' })}
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className={styles.quiet}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
