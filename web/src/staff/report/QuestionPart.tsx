import type { Schemas } from '@oep/client';
import { useMemo } from 'react';
import { useTranslations } from 'use-intl';
import { useGet } from '../../api';
import { Link } from '../../ui/Link';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Loading } from '../../ui/Spinner';
import { type Column, Table } from '../../ui/Table';
import { useDuration } from '../../ui/Time';
import { QuestionName } from '../attempt/QuestionName';
import { useQuestions } from '../attempt/useQuestions';
import { Chart } from './charts/Chart';
import { boxes } from './charts/drawings';
import styles from './Report.module.css';

type Question = Schemas['QuestionFigures']['questions'][number];

/** How long each question took the class, and whose times are far from it. */
export function QuestionPart({ examId }: { examId: number }) {
  const t = useTranslations('report.questions');
  const figures = useGet('/api/v1/proctoring/exams/{exam_id}/report/questions', {
    params: { path: { exam_id: examId } },
  });
  return (
    <Panel title={t('title')}>
      <p className={styles.quiet}>{t('meaning')}</p>
      {figures.error && <ProblemBox onRetry={() => figures.refetch()} problem={figures.error} />}
      {figures.isPending && <Loading />}
      {figures.data && <Spread examId={examId} questions={figures.data.questions} />}
    </Panel>
  );
}

function Spread({ examId, questions }: { examId: number; questions: Question[] }) {
  const t = useTranslations('report.questions');
  const columns = useColumns(examId);
  const numberOf = useQuestions(examId);
  const known = useMemo(() => questions.filter((each) => each.class_pace), [questions]);
  const names = known.map((each) => numberOf(each.question_id)?.number ?? each.question_id).join();
  const axis = t('seconds');
  const drawing = useMemo(() => boxes(names.split(','), axis), [names, axis]);
  const data = useMemo<[number[], number[], number[], number[]]>(
    () => [
      known.map((_, place) => place),
      known.map((each) => each.class_pace?.lower_quartile ?? 0),
      known.map((each) => each.class_pace?.median ?? 0),
      known.map((each) => each.class_pace?.upper_quartile ?? 0),
    ],
    [known],
  );
  const far = questions.reduce((sum, each) => sum + each.outlier_count, 0);
  const table = (
    <Table
      caption={t('title')}
      columns={columns}
      empty={<p>{t('none')}</p>}
      keyOf={(each) => each.question_id}
      rows={questions}
      size="dense"
    />
  );
  if (known.length === 0) return table;
  return (
    <>
      <Chart
        data={data}
        drawing={drawing}
        label={t('label', { count: known.length, far })}
        table={table}
      />
      <Outliers examId={examId} questions={questions} />
    </>
  );
}

function useColumns(examId: number): Column<Question>[] {
  const t = useTranslations('report.questions');
  const length = useDuration();
  return [
    {
      key: 'question',
      header: t('question'),
      isRowHeader: true,
      cell: (each) => <QuestionName examId={examId} id={each.question_id} />,
    },
    { key: 'students', header: t('students'), align: 'end', cell: (each) => each.student_count },
    {
      key: 'median',
      header: t('median'),
      align: 'end',
      cell: ({ class_pace: pace }) => (pace ? length(pace.median) : t('too_few')),
    },
    {
      key: 'half',
      header: t('middle_half'),
      align: 'end',
      cell: ({ class_pace: pace }) =>
        pace ? `${length(pace.lower_quartile)} – ${length(pace.upper_quartile)}` : '',
    },
    { key: 'answers', header: t('answers'), align: 'end', cell: (each) => each.answer_count },
    { key: 'far', header: t('far'), align: 'end', cell: (each) => each.outlier_count || '' },
  ];
}

/** The attempts that are far from the class, by question; a time for somebody to look at, no more. */
function Outliers({ examId, questions }: { examId: number; questions: Question[] }) {
  const t = useTranslations('report.questions');
  const length = useDuration();
  const rows = questions.flatMap((each) =>
    each.outliers.map((outlier) => ({ ...outlier, question: each })),
  );
  return (
    <Table
      caption={t('outliers')}
      columns={[
        {
          key: 'attempt',
          header: t('attempt'),
          isRowHeader: true,
          cell: (row) => <Link to={`/attempts/${row.attempt_id}`}>{row.attempt_id}</Link>,
        },
        {
          key: 'question',
          header: t('question'),
          cell: (row) => <QuestionName examId={examId} id={row.question.question_id} />,
        },
        {
          key: 'time',
          header: t('time'),
          align: 'end',
          cell: (row) => length(row.total_time_seconds),
        },
        {
          key: 'median',
          header: t('median'),
          align: 'end',
          cell: (row) => length(row.question.class_pace?.median ?? 0),
        },
      ]}
      empty={<p className={styles.quiet}>{t('no_outliers')}</p>}
      isCaptionShown
      keyOf={(row) => `${row.attempt_id} ${row.question.question_id}`}
      rows={rows}
      size="dense"
    />
  );
}
