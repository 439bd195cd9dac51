import type { Schemas } from '@oep/client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { getKey, useApi, useGet, useLogin } from '../../../api';
import { Badge } from '../../../ui/Badge';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { IconCheck, IconClock, IconLock } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { TextArea } from '../../../ui/TextField';
import { Instant, useDuration } from '../../../ui/Time';
import { useRuleName } from '../eventNames';
import styles from './Care.module.css';

/** What this attempt has by right: extra time, rules that do not count, and whether its record is held. */
export function Care({ attemptId }: { attemptId: number }) {
  const t = useTranslations('attempt.care');
  const { keeper } = useLogin();
  const isStaff = keeper.hasRole('admin', 'hall_in_charge');
  return (
    <Panel title={t('title')}>
      <Allowances attemptId={attemptId} />
      {isStaff ? (
        <Accommodations attemptId={attemptId} />
      ) : (
        <p className={styles.quiet}>{t('accommodations_hidden')}</p>
      )}
      {keeper.hasRole('admin') && <Hold attemptId={attemptId} />}
    </Panel>
  );
}

function Allowances({ attemptId }: { attemptId: number }) {
  const t = useTranslations('attempt.care');
  const length = useDuration();
  const found = useGet('/api/v1/attempts/{attempt_id}/allowances', {
    params: { path: { attempt_id: attemptId } },
  });
  return (
    <section className={styles.part}>
      <h3>{t('allowances')}</h3>
      {found.error && <ProblemBox problem={found.error} />}
      {found.data?.length === 0 && <p className={styles.quiet}>{t('no_allowances')}</p>}
      <ul>
        {found.data?.map((each) => (
          <li key={each.id}>
            <strong>{length(each.seconds)}</strong> <bdi>{each.reason}</bdi>{' '}
            <span className={styles.quiet}>
              <Instant at={each.created_at} />
            </span>{' '}
            <Badge
              icon={each.acknowledged_at ? IconCheck : IconClock}
              tone={each.acknowledged_at ? 'good' : 'warning'}
            >
              {t(each.acknowledged_at ? 'seen' : 'unseen')}
            </Badge>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Accommodations({ attemptId }: { attemptId: number }) {
  const t = useTranslations('attempt.care');
  const name = useRuleName();
  const found = useGet('/api/v1/proctoring/attempt/{attempt_id}/accommodations', {
    params: { path: { attempt_id: attemptId } },
  });
  const decisions = found.data?.decisions ?? [];
  return (
    <section className={styles.part}>
      <h3>{t('accommodations')}</h3>
      {found.error && <ProblemBox problem={found.error} />}
      {found.data && decisions.length === 0 && (
        <p className={styles.quiet}>{t('no_accommodations')}</p>
      )}
      <ul>
        {decisions.map((each, place) => (
          <li key={each.version}>
            <strong>
              {each.rule_ids.length === 0
                ? t('all_count')
                : t('do_not_count', { rules: each.rule_ids.map(name).join(', ') })}
            </strong>{' '}
            <bdi>{each.reason ?? t('erased')}</bdi>{' '}
            <span className={styles.quiet}>
              <Instant at={each.at} />
            </span>{' '}
            {place === decisions.length - 1 && <Badge>{t('now')}</Badge>}
          </li>
        ))}
      </ul>
    </section>
  );
}

const HOLD = '/api/v1/proctoring/attempt/{attempt_id}/hold';

function Hold({ attemptId }: { attemptId: number }) {
  const t = useTranslations('attempt.care');
  const [isAsking, setAsking] = useState(false);
  const found = useGet(HOLD, { params: { path: { attempt_id: attemptId } } });
  if (!found.data) return found.error && <ProblemBox problem={found.error} />;
  const placed = found.data.holds.find((each) => each.lifted_at === null);
  return (
    <section className={styles.part}>
      <h3>{t('hold')}</h3>
      <p>
        {found.data.held_by.length > 0 ? (
          <Badge icon={IconLock} tone="accent">
            {t('held', { by: found.data.held_by.map((each) => t(`held_by.${each}`)).join(', ') })}
          </Badge>
        ) : (
          <span className={styles.quiet}>{t('not_held')}</span>
        )}
      </p>
      <Erased standing={found.data} />
      <ul>
        {found.data.holds.map((each) => (
          <li key={each.placed_at}>
            <bdi>{each.reason}</bdi>{' '}
            <span className={styles.quiet}>
              <Instant at={each.placed_at} />
              {each.lifted_at && (
                <>
                  {' – '}
                  <Instant at={each.lifted_at} /> <bdi>{each.lift_reason}</bdi>
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      <Button onPress={() => setAsking(true)} size="dense">
        {t(placed ? 'lift' : 'place')}
      </Button>
      <HoldDialog
        attemptId={attemptId}
        isOpen={isAsking}
        isPlaced={placed !== undefined}
        onClose={() => setAsking(false)}
      />
    </section>
  );
}

function Erased({ standing }: { standing: Schemas['StandingShape'] }) {
  const t = useTranslations('attempt.care');
  const parts = (['payload', 'network'] as const).filter((each) => standing[`${each}_erased_at`]);
  return parts.map((each) => (
    <p className={styles.quiet} key={each}>
      {t(`${each}_erased`)} <Instant at={standing[`${each}_erased_at`] ?? ''} />
    </p>
  ));
}

function HoldDialog(props: {
  attemptId: number;
  isOpen: boolean;
  isPlaced: boolean;
  onClose: () => void;
}) {
  const { attemptId, isOpen, isPlaced, onClose } = props;
  const t = useTranslations('attempt.care');
  const ui = useTranslations('ui');
  const api = useApi();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<unknown>();

  async function decide() {
    setProblem(undefined);
    try {
      const path = { attempt_id: attemptId };
      if (isPlaced) await api.delete(HOLD, { params: { path, query: { reason } } });
      else await api.post(HOLD, { params: { path }, body: { reason } });
      setReason('');
      onClose();
      await queries.invalidateQueries({ queryKey: getKey(HOLD) });
    } catch (failure) {
      setProblem(failure);
    }
  }

  return (
    <Dialog
      actions={
        <>
          <Button isDisabled={!reason.trim()} look="primary" onPress={decide}>
            {t(isPlaced ? 'lift' : 'place')}
          </Button>
          <Button onPress={onClose}>{ui('cancel')}</Button>
        </>
      }
      isOpen={isOpen}
      onClose={onClose}
      title={t(isPlaced ? 'lift' : 'place')}
    >
      <p>{t(isPlaced ? 'lift_means' : 'place_means')}</p>
      <TextArea label={t('reason')} maxLength={1_000} onChange={setReason} value={reason} />
      {problem !== undefined && <ProblemBox problem={problem} />}
    </Dialog>
  );
}
