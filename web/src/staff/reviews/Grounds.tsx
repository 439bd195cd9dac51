import { useTranslations } from 'use-intl';
import { SeverityBadge } from '../../ui/Badge';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Table } from '../../ui/Table';
import { Instant } from '../../ui/Time';
import { useEventName } from '../attempt/eventNames';
import { detailsOf, useEvents } from '../attempt/events';

/** The events that a review rests on. */
export function Grounds({ attemptId, ids }: { attemptId: number; ids: readonly number[] }) {
  const t = useTranslations('reviews.grounds');
  const events = useTranslations('attempt.events');
  const name = useEventName();
  const found = useEvents(attemptId, false);
  const wanted = new Set(ids);
  const rows = found.data?.events.filter((event) => wanted.has(event.id)) ?? [];
  return (
    <Panel title={t('title')}>
      {found.error && <ProblemBox onRetry={() => found.refetch()} problem={found.error} />}
      {ids.length === 0 ? (
        <p>{t('none')}</p>
      ) : (
        <Table
          caption={t('title')}
          columns={[
            { key: 'number', header: events('number'), align: 'end', cell: (row) => row.sequence },
            {
              key: 'at',
              header: events('received'),
              cell: (row) => <Instant at={row.received_at} look="time" />,
            },
            {
              key: 'type',
              header: events('type'),
              isRowHeader: true,
              cell: (row) => name(row.event_type),
            },
            {
              key: 'severity',
              header: events('severity'),
              cell: (row) => <SeverityBadge severity={row.severity} />,
            },
            {
              key: 'details',
              header: events('details'),
              cell: (row) => (
                <bdi>
                  {detailsOf(row)
                    .map(([label, value]) => `${label}: ${value}`)
                    .join(' · ')}
                </bdi>
              ),
            },
          ]}
          keyOf={(row) => row.id}
          rows={rows}
          size="dense"
        />
      )}
    </Panel>
  );
}
