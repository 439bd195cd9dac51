import { Refusal, type Schemas } from '@oep/client';
import { HAPPENING_TYPES, type HappeningType } from '@oep/client/watch';
import { type FormEvent, useId, useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useApi, useGet } from '../../api';
import { Button } from '../parts/Button';
import { Problem } from '../parts/Problem';
import styles from './Review.module.css';

type Own = Schemas['OwnReviewBody'];
const DAY = { dateStyle: 'long', timeStyle: 'short' } as const;

/** A decision about this attempt, once there is one, and the student's appeal. Nothing when there is none. */
export function Review({ attemptId }: { attemptId: number }) {
  const t = useTranslations('student.review');
  const { data, error, refetch } = useGet('/api/v1/proctoring/attempt/{attempt_id}/review', {
    params: { path: { attempt_id: attemptId } },
  });
  if (!data) {
    const isNone = !error || (error instanceof Refusal && error.status === 404);
    return isNone ? null : <Problem error={error} onRetry={refetch} />;
  }
  return (
    <section className={styles.review}>
      <h2>{t('title')}</h2>
      {data.decision && <p className={styles.decision}>{t(data.decision)}</p>}
      <dl className={styles.facts}>
        {data.reason && <Fact name={t('reason')}>{data.reason}</Fact>}
        {data.explanation && <Fact name={t('explanation')}>{data.explanation}</Fact>}
      </dl>
      {data.grounds.length > 0 && <Grounds grounds={data.grounds} />}
      <Appeal onSent={refetch} review={data} />
    </section>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Grounds({ grounds }: { grounds: Own['grounds'] }) {
  const t = useTranslations('student.review');
  const format = useFormatter();
  return (
    <div>
      <h3>{t('grounds')}</h3>
      <ul className={styles.grounds}>
        {grounds.map((ground) => (
          <li key={ground.id}>
            {isKnown(ground.event_type)
              ? t(`event.${ground.event_type}`)
              : t('event.other', { type: ground.event_type })}
            {', '}
            {format.dateTime(new Date(ground.event_timestamp), { timeStyle: 'medium' })}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Appeal({ review, onSent }: { review: Own; onSent: () => Promise<unknown> }) {
  const t = useTranslations('student.review');
  const format = useFormatter();
  const day = (at: string) => format.dateTime(new Date(at), DAY);
  const { appeal } = review;
  if (appeal) {
    return (
      <div className={styles.appeal}>
        <h3>{t('appeal')}</h3>
        <p>{t('appealed', { at: day(appeal.appealed_at) })}</p>
        {appeal.text && <blockquote className={styles.words}>{appeal.text}</blockquote>}
        {appeal.decision && <p className={styles.decision}>{t(appeal.decision)}</p>}
        {appeal.explanation && <p className={styles.words}>{appeal.explanation}</p>}
        {!appeal.decision && appeal.due_at && <p>{t('appealDue', { at: day(appeal.due_at) })}</p>}
      </div>
    );
  }
  if (!review.may_appeal || !review.appeal_until) return null;
  return (
    <div className={styles.appeal}>
      <h3>{t('appeal')}</h3>
      <p>{t('mayAppeal', { at: day(review.appeal_until) })}</p>
      <AppealForm onSent={onSent} reviewId={review.review_id} />
    </div>
  );
}

function AppealForm({ reviewId, onSent }: { reviewId: number; onSent: () => Promise<unknown> }) {
  const t = useTranslations('student.review');
  const api = useApi();
  const id = useId();
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>();
  const [isPending, setPending] = useState(false);
  async function send(event: FormEvent) {
    event.preventDefault();
    setError(undefined);
    setPending(true);
    try {
      const params = { path: { review_id: reviewId } };
      await api.post('/api/v1/proctoring/reviews/{review_id}/appeal', { params, body: { text } });
      await onSent();
    } catch (cause) {
      setError(cause);
    } finally {
      setPending(false);
    }
  }
  return (
    <form className={styles.appeal} onSubmit={send}>
      <label htmlFor={id}>{t('appealText')}</label>
      <textarea
        className={styles.text}
        id={id}
        maxLength={5_000}
        onChange={(event) => setText(event.target.value)}
        rows={5}
        value={text}
      />
      {error !== undefined && <Problem error={error} />}
      <div>
        <Button disabled={text.trim() === ''} isPending={isPending} type="submit">
          {t('appealSend')}
        </Button>
      </div>
    </form>
  );
}

function isKnown(type: string): type is HappeningType {
  return (HAPPENING_TYPES as readonly string[]).includes(type);
}
