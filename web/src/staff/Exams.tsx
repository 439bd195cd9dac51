import type { Exam } from '@oep/client';
import { useTranslations } from 'use-intl';
import { useGet, useLogin } from '../api';
import { Badge, type Tone } from '../ui/Badge';
import { EmptyState } from '../ui/EmptyState';
import { IconClock, IconPlay, IconStop } from '../ui/icons';
import { Link } from '../ui/Link';
import { PageTitle } from '../ui/Page';
import { ProblemBox } from '../ui/ProblemBox';
import { Loading } from '../ui/Spinner';
import { type Column, Table } from '../ui/Table';
import { Instant } from '../ui/Time';
import styles from './Exams.module.css';
import { byTime, type Phase, phaseOf } from './phases';
import { opens } from './roles';

const SIGNS: Readonly<Record<Phase, readonly [Tone, typeof IconPlay]>> = {
  open: ['good', IconPlay],
  coming: ['accent', IconClock],
  over: ['plain', IconStop],
  draft: ['plain', IconClock],
};

/** The exams that this person looks after, those that are on first. */
export function Exams() {
  const t = useTranslations('staff');
  const query = { limit: 1000 };
  const { data, error, refetch } = useGet('/api/v1/exams/', { params: { query } });
  return (
    <>
      <PageTitle title={t('exams')} />
      {error && <ProblemBox onRetry={() => refetch()} problem={error} />}
      {data ? <List exams={data} /> : !error && <Loading />}
    </>
  );
}

function List({ exams }: { exams: readonly Exam[] }) {
  const t = useTranslations('staff');
  const now = Date.now();
  return (
    <Table
      caption={t('exams')}
      columns={useColumns(now)}
      empty={<EmptyState title={t('no_exams')}>{t('no_exams_why')}</EmptyState>}
      keyOf={(exam) => exam.id}
      rows={[...exams].sort(byTime(now))}
    />
  );
}

function useColumns(now: number): Column<Exam>[] {
  const t = useTranslations('staff');
  const user = useLogin().login?.user;
  return [
    {
      key: 'title',
      header: t('exam'),
      isRowHeader: true,
      cell: (exam) => (
        <span className={styles.name}>
          <bdi className={styles.title}>{exam.title}</bdi>
          <bdi className={styles.code}>{exam.exam_code}</bdi>
        </span>
      ),
    },
    { key: 'state', header: t('state'), cell: (exam) => <PhaseBadge phase={phaseOf(exam, now)} /> },
    { key: 'from', header: t('from'), cell: ({ start_time: at }) => at && <Instant at={at} /> },
    { key: 'to', header: t('to'), cell: ({ end_time: at }) => at && <Instant at={at} /> },
    {
      key: 'ways',
      header: t('ways'),
      isHeaderHidden: true,
      cell: (exam) => (
        <span className={styles.ways}>
          {(['board', 'report'] as const)
            .filter((area) => user && opens(user, area))
            .map((area) => (
              <Link
                key={area}
                look={area === 'board' ? 'normal' : 'quiet'}
                to={`/exams/${exam.id}/${area}`}
              >
                {t(`to_${area}`)}
                <span className="visually-hidden"> {exam.title}</span>
              </Link>
            ))}
        </span>
      ),
    },
  ];
}

function PhaseBadge({ phase }: { phase: Phase }) {
  const t = useTranslations('staff');
  const [tone, icon] = SIGNS[phase];
  return (
    <Badge icon={icon} tone={tone}>
      {t(`phase.${phase}`)}
    </Badge>
  );
}
