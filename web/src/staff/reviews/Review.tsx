import type { Schemas } from '@oep/client';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useGet, useLogin, useOep } from '../../api';
import { Badge } from '../../ui/Badge';
import { Banner } from '../../ui/Banner';
import { IconClock } from '../../ui/icons';
import { Link } from '../../ui/Link';
import { PageTitle } from '../../ui/Page';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Loading } from '../../ui/Spinner';
import { Instant } from '../../ui/Time';
import { AppealForm } from './AppealForm';
import { DecisionForm } from './DecisionForm';
import { Grounds } from './Grounds';
import { usePeople } from './people';
import { ReviewBadge } from './ReviewBadge';
import { ReviewHistory } from './ReviewHistory';
import styles from './Reviews.module.css';
import { barOf, dueOf } from './rights';
import { useNaming, useStudents } from './useStudents';

type Body = Schemas['ReviewBody'];

/** One review from its opening to the last word. */
export function Review({ reviewId }: { reviewId: number }) {
  const found = useGet('/api/v1/proctoring/reviews/{review_id}', {
    params: { path: { review_id: reviewId } },
  });
  if (found.data) return <Shown review={found.data} />;
  return found.error ? (
    <ProblemBox onRetry={() => found.refetch()} problem={found.error} />
  ) : (
    <Loading />
  );
}

function Shown({ review }: { review: Body }) {
  const t = useTranslations('reviews');
  const student = useStudents([review.exam_id]).get(review.attempt_id);
  const exam = useGet('/api/v1/exams/{exam_id}', {
    params: { path: { exam_id: review.exam_id } },
  });
  const name = useNaming()(review.attempt_id, student);
  return (
    <>
      <PageTitle
        above={<Link to="/reviews">{t('all')}</Link>}
        actions={
          <Link look="normal" to={`/attempts/${review.attempt_id}`}>
            {t('to_attempt')}
          </Link>
        }
        below={[t('number', { id: String(review.id) }), exam.data?.title]
          .filter(Boolean)
          .join(' · ')}
        title={t('of', { name })}
      />
      <p className={styles.state}>
        <ReviewBadge outcome={review.outcome} state={review.state} /> <Deadline review={review} />
      </p>
      <Todo review={review} />
      <div className={styles.columns}>
        <Opening review={review} />
        <Ruling review={review} />
      </div>
      <Grounds attemptId={review.attempt_id} ids={review.ground_ids} />
      <ReviewHistory review={review} />
    </>
  );
}

function Deadline({ review }: { review: Body }) {
  const t = useTranslations('reviews');
  const { clock } = useOep();
  const due = dueOf(review, clock.now());
  if (!due) return null;
  return (
    <span>
      {t(`dues.${due.what}`)} <Instant at={due.at} look="zoned" />{' '}
      {due.isOver && due.what !== 'appeal' && (
        <Badge icon={IconClock} tone="bad">
          {t('overdue')}
        </Badge>
      )}
    </span>
  );
}

/** What this person can do now, or why not. */
function Todo({ review }: { review: Body }) {
  const t = useTranslations('reviews');
  const { keeper } = useLogin();
  const bar = barOf(review, keeper.user?.id);
  if (bar === 'own') return <Banner title={t('bars.own')} tone="info" />;
  if (review.state === 'open') return <DecisionForm review={review} />;
  if (review.state !== 'appealed') return null;
  if (!bar) return <AppealForm review={review} />;
  return (
    <Banner title={t('bars.title')} tone="info">
      {t(`bars.${bar}`)}
    </Banner>
  );
}

function Opening({ review }: { review: Body }) {
  const t = useTranslations('reviews');
  const person = usePeople([review.exam_id], [review.opened_by_id]);
  return (
    <Panel title={t('opening.title')}>
      <Facts
        facts={[
          [t('opened_by'), person(review.opened_by_id)],
          [t('opened'), <Instant at={review.opened_at} key="at" />],
          [t('opening.reason'), <Words key="reason" text={review.opening_reason} />],
          [t('opening.risk'), riskOf(review) ?? t('opening.no_risk')],
        ]}
      />
    </Panel>
  );
}

function riskOf(review: Body): string | undefined {
  const score = review.risk?.score;
  return typeof score === 'number' ? String(score) : undefined;
}

function Ruling({ review }: { review: Body }) {
  const t = useTranslations('reviews');
  const person = usePeople([review.exam_id], [review.decided_by_id, review.appeal_decided_by_id]);
  if (!review.decision || !review.decided_at) return null;
  return (
    <Panel title={t('decision.title')}>
      <Facts
        facts={[
          [t('decision.decision'), t(`outcomes.${review.decision}`)],
          [t('decision.reason'), review.reason_code ? t(`reasons.${review.reason_code}`) : ''],
          [t('decided_by'), person(review.decided_by_id)],
          [t('decision.at'), <Instant at={review.decided_at} key="at" />],
          [t('decision.explanation'), <Words key="words" text={review.explanation} />],
          ...noteOf(t('decision.note'), review.internal_note),
        ]}
      />
      {review.appealed_at && (
        <>
          <h3>{t('appeal.title')}</h3>
          <Facts
            facts={[
              [t('appeal.at'), <Instant at={review.appealed_at} key="at" />],
              [t('appeal.text'), <Words key="words" text={review.appeal_text} />],
            ]}
          />
        </>
      )}
      {review.appeal_decision && review.appeal_decided_at && (
        <>
          <h3>{t('appeal.ruling')}</h3>
          <Facts
            facts={[
              [t('decision.decision'), t(`appeals.${review.appeal_decision}`)],
              [t('decided_by'), person(review.appeal_decided_by_id)],
              [t('decision.at'), <Instant at={review.appeal_decided_at} key="at" />],
              [t('decision.explanation'), <Words key="words" text={review.appeal_explanation} />],
              ...noteOf(t('decision.note'), review.appeal_note),
            ]}
          />
        </>
      )}
    </Panel>
  );
}

function noteOf(name: string, note: string | null): [string, ReactNode][] {
  return note === null ? [] : [[name, <Words key="note" text={note} />]];
}

function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What a person wrote; retention may have taken it out. */
function Words({ text }: { text: string | null }) {
  const t = useTranslations('reviews');
  return text === null ? <em>{t('erased')}</em> : <bdi className={styles.words}>{text}</bdi>;
}
