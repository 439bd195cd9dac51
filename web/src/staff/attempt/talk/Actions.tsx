import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { useGet } from '../../../api';
import { Badge, type Tone } from '../../../ui/Badge';
import { type Icon, IconCheck, IconClock, IconClose, IconInfo } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { ProblemBox } from '../../../ui/ProblemBox';
import { type Column, Table } from '../../../ui/Table';
import { Instant, useDuration } from '../../../ui/Time';
import styles from './Talk.module.css';

type Action = Schemas['ActionOut'];

const STATES: Record<Action['state'], [Tone, Icon]> = {
  asked: ['plain', IconClock],
  live: ['accent', IconInfo],
  refused: ['bad', IconClose],
  acknowledged: ['good', IconCheck],
  expired: ['plain', IconClock],
};

/** Everything that was done to the attempt: by whom, why, and whether the student's page has shown it. */
export function Actions({ attemptId, isLive }: { attemptId: number; isLive: boolean }) {
  const t = useTranslations('attempt.actions');
  const actions = useGet(
    '/api/v1/proctoring/attempt/{attempt_id}/actions',
    { params: { path: { attempt_id: attemptId } } },
    isLive ? { refetchInterval: 5_000 } : {},
  );
  const columns = useColumns();
  return (
    <Panel title={t('title')}>
      {actions.error && <ProblemBox onRetry={() => actions.refetch()} problem={actions.error} />}
      {actions.data && (
        <Table
          caption={t('title')}
          columns={columns}
          empty={<p className={styles.quiet}>{t('none')}</p>}
          keyOf={(action) => action.id}
          rows={actions.data}
          size="dense"
        />
      )}
    </Panel>
  );
}

function useColumns(): Column<Action>[] {
  const t = useTranslations('attempt.actions');
  const length = useDuration();
  return [
    {
      key: 'at',
      header: t('at'),
      cell: (action) => <Instant at={action.requested_at} look="time" />,
    },
    {
      key: 'what',
      header: t('what'),
      isRowHeader: true,
      cell: (action) => (
        <>
          {t(`kinds.${action.action}`)}
          {action.seconds !== null && ` (${length(action.seconds)})`}
        </>
      ),
    },
    {
      key: 'by',
      header: t('by'),
      cell: ({ requested_by, requested_by_id }) =>
        requested_by ?? t('user', { id: String(requested_by_id) }),
    },
    { key: 'words', header: t('words'), cell: (action) => <bdi>{action.text}</bdi> },
    { key: 'state', header: t('state'), cell: (action) => <State action={action} /> },
  ];
}

function State({ action }: { action: Action }) {
  const t = useTranslations('attempt.actions');
  const [tone, icon] = STATES[action.state];
  const at = action.acknowledged_at ?? action.expired_at;
  return (
    <>
      <Badge icon={icon} tone={tone}>
        {t(`states.${action.state}`)}
      </Badge>{' '}
      {at && <Instant at={at} look="time" />}
    </>
  );
}
