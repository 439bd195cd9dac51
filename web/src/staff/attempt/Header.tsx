import type { AttemptStatus, BoardRow, Schemas } from '@oep/client';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useLogin } from '../../api';
import { Badge, StatusBadge } from '../../ui/Badge';
import { IconOffline, IconOnline, IconPause, IconWarning } from '../../ui/icons';
import { Link } from '../../ui/Link';
import { PageTitle } from '../../ui/Page';
import { Instant, RelativeTime } from '../../ui/Time';
import { opens } from '../roles';
import styles from './Attempt.module.css';
import { Claim } from './Claim';

export interface HeaderProps {
  report: Schemas['AttemptReport'];
  examTitle: string | undefined;
  attempt: Schemas['AttemptWithProgressBody'] | undefined;
  /** The row of the board while the attempt is live and the board can be watched. */
  row: BoardRow | undefined;
}

/** Who, which exam, and how it stands. */
export function Header({ report, examTitle, attempt, row }: HeaderProps) {
  const t = useTranslations('attempt');
  const user = useLogin().login?.user;
  const { attempt: sitting, risk, delivery } = report;
  const name = sitting.student_name ?? t('student', { id: String(sitting.student_id) });
  return (
    <>
      <PageTitle
        above={
          <nav aria-label={t('ways')} className={styles.ways}>
            {user && opens(user, 'board') && (
              <Link to={`/exams/${sitting.exam_id}/board`}>{t('to_board')}</Link>
            )}
            <Link to={`/exams/${sitting.exam_id}/report`}>{t('to_report')}</Link>
          </nav>
        }
        below={[sitting.hall_ticket_number, examTitle ?? t('exam', { id: String(sitting.exam_id) })]
          .filter(Boolean)
          .join(' · ')}
        title={name}
      />
      <dl className={styles.facts}>
        <Fact name={t('facts.status')}>
          <StatusBadge status={sitting.status as AttemptStatus} />
          {sitting.paused_at && (
            <Badge icon={IconPause} tone="warning">
              {t('facts.paused')} <Instant at={sitting.paused_at} look="time" />
            </Badge>
          )}
        </Fact>
        {row && (
          <Fact name={t('facts.presence')}>
            <Presence row={row} />
          </Fact>
        )}
        <Fact name={t('facts.begun')}>{whenOr(sitting.started_at, t('facts.not_yet'))}</Fact>
        <Fact name={t('facts.deadline')}>{whenOr(sitting.deadline_at, t('facts.none'))}</Fact>
        {sitting.submitted_at && (
          <Fact name={t('facts.submitted')}>{whenOr(sitting.submitted_at, '')}</Fact>
        )}
        {attempt && (
          <Fact name={t('facts.answered')}>
            {t('facts.of', {
              done: attempt.progress.answered,
              all: attempt.progress.total_questions,
            })}
          </Fact>
        )}
        <Fact name={t('facts.risk')}>
          {risk.computed_at === null
            ? t('facts.not_yet')
            : t('facts.points', { points: risk.score })}
        </Fact>
        <Fact name={t('facts.claim')}>
          <Claim attemptId={sitting.attempt_id} examId={sitting.exam_id} />
        </Fact>
        <Fact name={t('facts.missing')}>
          {delivery.missing_count > 0 ? (
            <Badge icon={IconWarning} tone="warning">
              {t('facts.missing_count', { count: delivery.missing_count })}
            </Badge>
          ) : (
            t(delivery.claimed_last_sequence === null ? 'facts.unclaimed' : 'facts.none_missing')
          )}
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function whenOr(at: string | null, otherwise: string): ReactNode {
  return at ? <Instant at={at} /> : otherwise;
}

function Presence({ row }: { row: BoardRow }) {
  const t = useTranslations('attempt.facts');
  const { connection, connection_since } = row;
  const isOn = connection !== 'offline';
  return (
    <Badge
      icon={isOn ? IconOnline : IconOffline}
      tone={connection === 'online' ? 'good' : 'warning'}
    >
      {t(`connections.${connection}`)} {connection_since && <RelativeTime at={connection_since} />}
    </Badge>
  );
}
