import type { Schemas } from '@oep/client';
import type { ReactNode } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useGet, useLogin } from '../../api';
import { lengthOf } from './figures';
import styles from './Report.module.css';

/** The figures that say most about an exam, each with what it means. */
export function KeyFigures({ examId, report }: { examId: number; report: Schemas['ExamReport'] }) {
  const t = useTranslations('report.figures');
  const format = useFormatter();
  const { totals } = report;
  const { keeper } = useLogin();
  const statistics = useGet(
    '/api/v1/attempts/statistics/{exam_id}',
    { params: { path: { exam_id: examId } } },
    { enabled: keeper.hasRole('admin', 'hall_in_charge') },
  ).data;
  return (
    <dl className={styles.figures}>
      <Figure name={t('attempts')} value={report.attempt_total ?? 0}>
        {statistics &&
          t('attempts_of', {
            running: statistics.in_progress_attempts,
            completed: statistics.completed_attempts,
          })}
      </Figure>
      <Figure name={t('violations')} value={totals.violation_count}>
        {t('in_attempts', { count: totals.attempts_with_violations })}
      </Figure>
      <Figure name={t('warnings')} value={totals.warning_count}>
        {t('in_attempts', { count: totals.attempts_with_warnings })}
      </Figure>
      <Figure name={t('infos')} value={totals.info_count}>
        {t('with_events', { count: totals.attempt_count })}
      </Figure>
      {statistics?.average_score != null && (
        <Figure name={t('score')} value={statistics.average_score}>
          {statistics.pass_rate !== null &&
            t('passed', { percent: format.number(statistics.pass_rate) })}
        </Figure>
      )}
      {statistics?.average_time_taken_minutes != null && (
        <Time minutes={statistics.average_time_taken_minutes} />
      )}
    </dl>
  );
}

function Time({ minutes }: { minutes: number }) {
  const t = useTranslations('report.figures');
  const { unit, value } = lengthOf(minutes);
  return <Figure name={t(unit)} value={value} />;
}

function Figure({ name, value, children }: { name: string; value: number; children?: ReactNode }) {
  const format = useFormatter();
  return (
    <div className={styles.figure}>
      <dt>{name}</dt>
      <dd>
        <span className={styles.number}>{format.number(value)}</span>
        <span className={styles.quiet}>{children}</span>
      </dd>
    </div>
  );
}
