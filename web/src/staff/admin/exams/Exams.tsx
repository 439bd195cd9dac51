import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { Badge, type Tone } from '../../../ui/Badge';
import { EmptyState } from '../../../ui/EmptyState';
import {
  type Icon,
  IconAdd,
  IconCheck,
  IconClock,
  IconEdit,
  IconLock,
  IconPlay,
} from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import { PageTitle } from '../../../ui/Page';
import { PersonName } from '../../../ui/PersonName';
import { Select } from '../../../ui/Select';
import type { Column } from '../../../ui/Table';
import { Duration, Instant } from '../../../ui/Time';
import { Filters } from '../Filters';
import { Listed } from '../Listed';
import { asked, given } from '../lists';
import { useTradeChoices } from '../useChoices';
import { useFilters, useListed } from '../useListed';
import { type ExamStatus, STATUSES } from './draft';

type Exam = Schemas['ExamBody'];

/** All exams, drafts and past ones too. */
export function Exams() {
  const t = useTranslations('admin');
  const { values, set, skip, setSkip } = useFilters('status', 'trade');
  const trades = useTradeChoices(t('anyTrade'));
  const statuses = STATUSES.map((s) => ({ value: s as string, label: t(`examStatus.${s}`) }));
  const query = useListed('/api/v1/exams/', {
    params: {
      query: {
        ...asked(skip),
        ...given({
          status_filter: values.status as ExamStatus | '',
          trade_id: Number(values.trade) || undefined,
        }),
      },
    },
  });
  const columns = useColumns();
  return (
    <>
      <PageTitle
        actions={
          <Link look="primary" to="/exams/new">
            <IconAdd />
            {t('exam.add')}
          </Link>
        }
        below={t('exam.below')}
        title={t('areas.exams')}
      />
      <Filters>
        <Select
          label={t('exam.status')}
          onChange={(status) => set('status', status)}
          options={[{ value: '', label: t('exam.anyStatus') }, ...statuses]}
          value={values.status}
        />
        <Select
          label={t('trade.one')}
          onChange={(trade) => set('trade', trade)}
          options={trades}
          value={values.trade}
        />
      </Filters>
      <Listed
        caption={t('areas.exams')}
        columns={columns}
        empty={<EmptyState title={t('exam.none')} />}
        keyOf={(exam) => exam.id}
        onSkip={setSkip}
        query={query}
        skip={skip}
      />
    </>
  );
}

function useColumns(): readonly Column<Exam>[] {
  const t = useTranslations('admin');
  return [
    {
      key: 'title',
      header: t('exam.title'),
      isRowHeader: true,
      cell: (exam) => (
        <Link to={`/exams/${exam.id}`}>
          <PersonName detail={exam.exam_code} name={exam.title} />
        </Link>
      ),
    },
    {
      key: 'status',
      header: t('exam.status'),
      cell: (exam) => <ExamStatusBadge status={exam.status} />,
    },
    { key: 'trade', header: t('trade.one'), cell: (exam) => exam.trade?.name ?? '–' },
    {
      key: 'start',
      header: t('exam.start_time'),
      cell: (exam) => (exam.start_time ? <Instant at={exam.start_time} look="zoned" /> : '–'),
    },
    {
      key: 'duration',
      header: t('exam.duration'),
      align: 'end',
      cell: (exam) => <Duration seconds={exam.duration_minutes * 60} />,
    },
    {
      key: 'questions',
      header: t('exam.questionCount'),
      align: 'end',
      cell: (exam) => t('marks', { marks: exam.total_questions }),
    },
  ];
}

const LOOKS: Record<ExamStatus, readonly [Tone, Icon]> = {
  draft: ['plain', IconEdit],
  published: ['accent', IconClock],
  active: ['good', IconPlay],
  completed: ['plain', IconCheck],
  archived: ['plain', IconLock],
};

/** Where an exam stands. */
export function ExamStatusBadge({ status }: { status: ExamStatus }) {
  const t = useTranslations('admin');
  const [tone, icon] = LOOKS[status];
  return (
    <Badge icon={icon} tone={tone}>
      {t(`examStatus.${status}`)}
    </Badge>
  );
}
