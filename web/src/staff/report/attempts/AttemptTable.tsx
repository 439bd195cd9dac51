import type { AttemptStatus, Schemas } from '@oep/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { useApi } from '../../../api';
import { Badge, SeverityBadge, StatusBadge } from '../../../ui/Badge';
import { IconClock } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { Pagination } from '../../../ui/Pagination';
import { Panel } from '../../../ui/Panel';
import { PersonName } from '../../../ui/PersonName';
import { ProblemBox } from '../../../ui/ProblemBox';
import { Loading } from '../../../ui/Spinner';
import { type Column, type Sort, Table } from '../../../ui/Table';
import { Instant } from '../../../ui/Time';
import { useEventName } from '../../attempt/eventNames';
import { ReviewBadge } from '../../reviews/ReviewBadge';
import { LIMIT, ORDERS, type Wanted } from '../wanted';
import { Filters } from './Filters';

type Row = Schemas['LineBody'];
export type OnQuery = (change: (query: URLSearchParams) => URLSearchParams) => void;

/** All attempts of the exam; the server sorts, filters and cuts pages, whatever their number. */
export function AttemptTable(props: { examId: number; wanted: Wanted; onQuery: OnQuery }) {
  const { examId, wanted, onQuery } = props;
  const t = useTranslations('report.attempts');
  const api = useApi();
  const columns = useColumns();
  const page = useQuery({
    queryKey: ['report attempts', examId, wanted],
    queryFn: ({ signal }) =>
      api.get('/api/v1/proctoring/exams/{exam_id}/attempts', {
        params: { path: { exam_id: examId }, query: { ...wanted, limit: LIMIT } },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
  const set = (values: Record<string, string>) => onQuery((query) => changed(query, values));
  const sort: Sort = { by: wanted.sort, isDescending: wanted.direction === 'desc' };
  return (
    <Panel title={t('title')}>
      <Filters onChange={(name, value) => set({ [name]: value, skip: '' })} wanted={wanted} />
      {page.error && <ProblemBox onRetry={() => page.refetch()} problem={page.error} />}
      {page.isPending && <Loading />}
      {page.data && (
        <>
          <Table
            caption={t('title')}
            columns={columns}
            empty={<p role="status">{t('none')}</p>}
            isUpdating={page.isPlaceholderData}
            keyOf={(row) => row.attempt_id}
            onSort={(next) => set({ ...sorted(next, sort), skip: '' })}
            rows={page.data.attempts}
            size="dense"
            sort={sort}
          />
          <Pagination
            limit={LIMIT}
            onSkip={(skip) => set({ skip: skip > 0 ? String(skip) : '' })}
            skip={wanted.skip}
            total={page.data.total}
          />
        </>
      )}
    </Panel>
  );
}

/** What is largest or newest comes first; the same column again turns it round. */
function sorted(next: Sort, before: Sort): { sort: string; direction: string } {
  const isDescending = next.by === before.by ? next.isDescending : true;
  return { sort: next.by, direction: isDescending ? 'desc' : 'asc' };
}

function changed(query: URLSearchParams, values: Record<string, string>): URLSearchParams {
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  return query;
}

function useColumns(): Column<Row>[] {
  const t = useTranslations('report.attempts');
  const name = useEventName();
  const columns: Column<Row>[] = [
    {
      key: 'student',
      header: t('student'),
      isRowHeader: true,
      cell: (row) => (
        <Link to={`/attempts/${row.attempt_id}`}>
          <PersonName
            detail={row.hall_ticket_number ?? t('attempt', { id: String(row.attempt_id) })}
            name={row.student_name}
          />
        </Link>
      ),
    },
    {
      key: 'status',
      header: t('status'),
      cell: (row) => <StatusBadge status={row.status as AttemptStatus} />,
    },
    { key: 'risk', header: t('risk'), align: 'end', cell: (row) => <Score row={row} /> },
    {
      key: 'violations',
      header: t('violations'),
      align: 'end',
      cell: (row) => row.counts.violation,
    },
    { key: 'warnings', header: t('warnings'), align: 'end', cell: (row) => row.counts.warning },
    { key: 'events', header: t('events'), align: 'end', cell: (row) => row.event_count },
    {
      key: 'last_event',
      header: t('last_event'),
      cell: ({ last_event: last }) =>
        last && (
          <>
            <SeverityBadge severity={last.severity as 'info'} /> {name(last.event_type)}{' '}
            <Instant at={last.received_at} look="time" />
          </>
        ),
    },
    {
      key: 'submitted',
      header: t('submitted'),
      cell: (row) => row.submitted_at && <Instant at={row.submitted_at} />,
    },
    { key: 'review', header: t('review'), cell: (row) => <ReviewCell row={row} /> },
  ];
  return columns.map((column) => ({
    ...column,
    isSortable: ORDERS.some((order) => order === column.key),
  }));
}

/** The score; one that lags behind the newest event says so. */
function Score({ row }: { row: Row }) {
  const t = useTranslations('report.attempts');
  if (row.is_risk_current) return row.risk_score;
  return (
    <>
      {row.risk_score} <Badge icon={IconClock}>{t('not_current')}</Badge>
    </>
  );
}

function ReviewCell({ row }: { row: Row }) {
  if (!row.review_id || !row.review_state) return null;
  return (
    <Link to={`/reviews/${row.review_id}`}>
      <ReviewBadge
        outcome={row.review_outcome as 'cleared' | null}
        state={row.review_state as 'open'}
      />
    </Link>
  );
}
