import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { useSearchParams } from 'wouter';
import { useGet, useOep } from '../../api';
import { Badge } from '../../ui/Badge';
import { Button } from '../../ui/Button';
import { Checkbox } from '../../ui/Checkbox';
import { EmptyState } from '../../ui/EmptyState';
import { IconBack, IconCheck, IconClock, IconForward } from '../../ui/icons';
import { Link } from '../../ui/Link';
import { PageTitle } from '../../ui/Page';
import { PersonName } from '../../ui/PersonName';
import { ProblemBox } from '../../ui/ProblemBox';
import { Select } from '../../ui/Select';
import { Loading } from '../../ui/Spinner';
import { type Column, Table } from '../../ui/Table';
import { Instant, RelativeTime } from '../../ui/Time';
import { usePeople } from './people';
import { ReviewBadge } from './ReviewBadge';
import styles from './Reviews.module.css';
import { dueOf, type ReviewState } from './rights';
import { useNaming, useStudents } from './useStudents';

type Row = Schemas['ReviewBody'];

const LIMIT = 50;
const STATES = ['open', 'decided', 'appealed', 'closed', 'all'] as const;

/** The reviews in this person's reach; the filters stand in the address, so that a way back keeps them. */
export function ReviewList() {
  const t = useTranslations('reviews');
  const [query, setQuery] = useSearchParams();
  const wanted = wantedOf(query);
  const reviews = useGet('/api/v1/proctoring/reviews', {
    params: { query: { ...wanted, limit: LIMIT } },
  });
  const change = (name: string, value: string) =>
    setQuery((before) => {
      before.delete('skip');
      if (value) before.set(name, value);
      else before.delete(name);
      return before;
    });
  return (
    <>
      <PageTitle below={t('below')} title={t('title')} />
      <Filters change={change} query={query} />
      {reviews.error && <ProblemBox onRetry={() => reviews.refetch()} problem={reviews.error} />}
      {reviews.isPending && <Loading />}
      {reviews.data && <Rows isUpdating={reviews.isFetching} rows={reviews.data} />}
      {reviews.data && (
        <Pager
          count={reviews.data.length}
          onSkip={(skip) =>
            setQuery((before) => {
              before.set('skip', String(skip));
              return before;
            })
          }
          skip={wanted.skip}
        />
      )}
    </>
  );
}

function wantedOf(query: URLSearchParams) {
  const state = query.get('state') ?? 'open';
  const examId = Number(query.get('exam'));
  const attemptId = Number(query.get('attempt'));
  return {
    skip: Number(query.get('skip') ?? 0),
    mine: query.has('mine'),
    ...(state !== 'all' && { state: state as ReviewState }),
    ...(query.has('overdue') && { overdue: true }),
    ...(examId > 0 && { exam_id: examId }),
    ...(attemptId > 0 && { attempt_id: attemptId }),
  };
}

function Filters({
  query,
  change,
}: {
  query: URLSearchParams;
  change: (name: string, value: string) => void;
}) {
  const t = useTranslations('reviews');
  const exams = useGet('/api/v1/exams/', { params: { query: { limit: 1_000 } } });
  const state = STATES.find((each) => each === query.get('state')) ?? 'open';
  return (
    <search className={styles.filters}>
      <Select
        label={t('filters.state')}
        onChange={(next) => change('state', next)}
        options={STATES.map((value) => ({
          value,
          label: value === 'all' ? t('filters.all') : t(`states.${value}`),
        }))}
        size="dense"
        value={state}
      />
      <Select
        label={t('filters.exam')}
        onChange={(next) => change('exam', next)}
        options={[
          { value: '', label: t('filters.every_exam') },
          ...(exams.data ?? []).map((exam) => ({ value: String(exam.id), label: exam.title })),
        ]}
        size="dense"
        value={query.get('exam') ?? ''}
      />
      <Checkbox
        isSelected={query.has('overdue')}
        onChange={(is) => change('overdue', is ? '1' : '')}
        size="dense"
      >
        {t('filters.overdue')}
      </Checkbox>
      <Checkbox
        isSelected={query.has('mine')}
        onChange={(is) => change('mine', is ? '1' : '')}
        size="dense"
      >
        {t('filters.mine')}
      </Checkbox>
    </search>
  );
}

function Rows({ rows, isUpdating }: { rows: Row[]; isUpdating: boolean }) {
  const t = useTranslations('reviews');
  return (
    <Table
      caption={t('title')}
      columns={useColumns(rows)}
      empty={<EmptyState icon={IconCheck} title={t('none')} />}
      isUpdating={isUpdating}
      keyOf={(row) => row.id}
      rows={rows}
    />
  );
}

function useColumns(rows: Row[]): Column<Row>[] {
  const t = useTranslations('reviews');
  const { clock } = useOep();
  const examIds = rows.map((row) => row.exam_id);
  const students = useStudents(examIds);
  const nameOf = useNaming();
  const person = usePeople(
    examIds,
    rows.flatMap((row) => [row.opened_by_id, row.decided_by_id]),
  );
  return [
    {
      key: 'id',
      header: t('review'),
      isRowHeader: true,
      cell: (row) => <Link to={`/reviews/${row.id}`}>{t('number', { id: String(row.id) })}</Link>,
    },
    {
      key: 'student',
      header: t('student'),
      cell: (row) => {
        const line = students.get(row.attempt_id);
        const fallback = t('attempt', { id: String(row.attempt_id) });
        return (
          <PersonName
            detail={line?.hall_ticket_number ?? fallback}
            name={line ? nameOf(row.attempt_id, line) : null}
          />
        );
      },
    },
    {
      key: 'state',
      header: t('state'),
      cell: (row) => <ReviewBadge outcome={row.outcome} state={row.state} />,
    },
    { key: 'due', header: t('due'), cell: (row) => <DueCell now={clock.now()} row={row} /> },
    {
      key: 'risk',
      header: t('risk'),
      align: 'end',
      cell: (row) => students.get(row.attempt_id)?.risk_score ?? '',
    },
    { key: 'opened_by', header: t('opened_by'), cell: (row) => person(row.opened_by_id) },
    {
      key: 'decided_by',
      header: t('decided_by'),
      cell: (row) => (row.decided_by_id === null ? '' : person(row.decided_by_id)),
    },
    { key: 'opened', header: t('opened'), cell: (row) => <RelativeTime at={row.opened_at} /> },
  ];
}

function DueCell({ row, now }: { row: Row; now: number }) {
  const t = useTranslations('reviews');
  const due = dueOf(row, now);
  if (!due) return null;
  return (
    <>
      {t(`dues.${due.what}`)} <Instant at={due.at} />{' '}
      {due.isOver && due.what !== 'appeal' && (
        <Badge icon={IconClock} tone="bad">
          {t('overdue')}
        </Badge>
      )}
    </>
  );
}

function Pager(props: { skip: number; count: number; onSkip: (skip: number) => void }) {
  const { skip, count, onSkip } = props;
  const t = useTranslations('ui');
  if (skip === 0 && count < LIMIT) return null;
  return (
    <nav aria-label={t('pages')} className={styles.pager}>
      <Button isDisabled={skip === 0} onPress={() => onSkip(Math.max(0, skip - LIMIT))}>
        <IconBack />
        {t('previous')}
      </Button>
      <Button isDisabled={count < LIMIT} onPress={() => onSkip(skip + LIMIT)}>
        {t('next')}
        <IconForward />
      </Button>
    </nav>
  );
}
