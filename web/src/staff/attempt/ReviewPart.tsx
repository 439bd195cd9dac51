import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation } from 'wouter';
import { getKey, useApi, useGet } from '../../api';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { IconFlag } from '../../ui/icons';
import { Link } from '../../ui/Link';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { TextArea } from '../../ui/TextField';
import { Instant } from '../../ui/Time';
import { ReviewBadge } from '../reviews/ReviewBadge';
import styles from './Attempt.module.css';

const LIST = '/api/v1/proctoring/reviews';

/** The reviews of the attempt, and the way to open one; what is chosen on the timeline becomes its grounds. */
export function ReviewPart({
  attemptId,
  chosen,
}: {
  attemptId: number;
  chosen: ReadonlySet<number>;
}) {
  const t = useTranslations('attempt.review');
  const [isOpening, setOpening] = useState(false);
  const reviews = useGet(LIST, { params: { query: { attempt_id: attemptId } } });
  const found = reviews.data ?? [];
  const isUnfinished = found.some((each) => each.state !== 'closed');
  return (
    <Panel title={t('title')}>
      {reviews.error && <ProblemBox problem={reviews.error} />}
      {reviews.data && found.length === 0 && <p className={styles.quiet}>{t('none')}</p>}
      <ul className={styles.list}>
        {found.map((review) => (
          <li key={review.id}>
            <Link to={`/reviews/${review.id}`}>{t('number', { id: review.id })}</Link>{' '}
            <ReviewBadge outcome={review.outcome} state={review.state} />{' '}
            <span className={styles.quiet}>
              <Instant at={review.opened_at} />
            </span>
          </li>
        ))}
      </ul>
      {reviews.data && !isUnfinished && (
        <div>
          <Button onPress={() => setOpening(true)}>
            <IconFlag />
            {t('open')}
          </Button>
        </div>
      )}
      <OpenDialog
        attemptId={attemptId}
        chosen={chosen}
        isOpen={isOpening}
        onClose={() => setOpening(false)}
      />
    </Panel>
  );
}

const MOST_GROUNDS = 500;

function OpenDialog(props: {
  attemptId: number;
  chosen: ReadonlySet<number>;
  isOpen: boolean;
  onClose: () => void;
}) {
  const { attemptId, chosen, isOpen, onClose } = props;
  const t = useTranslations('attempt.review');
  const ui = useTranslations('ui');
  const api = useApi();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);

  async function open() {
    setPending(true);
    setProblem(undefined);
    try {
      const review = await api.post('/api/v1/proctoring/attempt/{attempt_id}/reviews', {
        params: { path: { attempt_id: attemptId } },
        body: { reason, event_ids: [...chosen].slice(0, MOST_GROUNDS) },
      });
      await queries.invalidateQueries({ queryKey: getKey(LIST) });
      go(`/reviews/${review.id}`);
    } catch (failure) {
      setProblem(failure);
    } finally {
      setPending(false);
    }
  }

  return (
    <Dialog
      actions={
        <>
          <Button isDisabled={!reason.trim()} isPending={isPending} look="primary" onPress={open}>
            {t('open')}
          </Button>
          <Button onPress={onClose}>{ui('cancel')}</Button>
        </>
      }
      isOpen={isOpen}
      onClose={onClose}
      title={t('open')}
    >
      <p>{t('means')}</p>
      <p>{t('grounds', { count: Math.min(chosen.size, MOST_GROUNDS) })}</p>
      <TextArea
        hint={t('reason_hint')}
        label={t('reason')}
        maxLength={5_000}
        onChange={setReason}
        value={reason}
      />
      {problem !== undefined && <ProblemBox problem={problem} />}
    </Dialog>
  );
}
