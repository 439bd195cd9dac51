import { useMemo } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useGet, useLogin } from '../../api';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Table } from '../../ui/Table';
import { QuestionName } from '../attempt/QuestionName';
import { useQuestions } from '../attempt/useQuestions';
import { Chart } from './charts/Chart';
import { bars } from './charts/drawings';
import { binNames } from './figures';
import styles from './Report.module.css';

/** How the marks turned out, and how hard each question was; of complete grades only. */
export function ScorePart({ examId }: { examId: number }) {
  const t = useTranslations('report.scores');
  const format = useFormatter();
  const { keeper } = useLogin();
  const isStaff = keeper.hasRole('admin', 'hall_in_charge');
  const analysis = useGet(
    '/api/v1/exams/{exam_id}/item-analysis',
    { params: { path: { exam_id: examId } } },
    { enabled: isStaff },
  );
  const items = useMemo(
    () => (analysis.data?.items ?? []).filter((item) => item.difficulty !== null),
    [analysis.data],
  );
  const numberOf = useQuestions(examId);
  const names = items.map((item) => numberOf(item.question_id)?.number ?? item.question_id).join();
  const axis = t('share');
  const drawing = useMemo(() => bars(names.split(','), axis), [names, axis]);
  const data = useMemo<[number[], number[]]>(
    () => [items.map((_, place) => place), items.map((item) => (item.difficulty ?? 0) * 100)],
    [items],
  );
  const number = (value: number | null | undefined) =>
    value == null ? '–' : format.number(value, { maximumFractionDigits: 2 });
  if (!isStaff) return null;
  return (
    <Panel title={t('title')}>
      {analysis.error && <ProblemBox problem={analysis.error} />}
      {analysis.data && (
        <p>
          {t('spread', {
            count: analysis.data.n,
            mean: number(analysis.data.mean),
            median: number(analysis.data.median),
            deviation: number(analysis.data.standard_deviation),
            alpha: number(analysis.data.alpha),
          })}
        </p>
      )}
      <Histogram examId={examId} />
      {items.length > 0 && <h3 className={styles.subtitle}>{t('by_question')}</h3>}
      {items.length > 0 && (
        <Chart
          data={data}
          drawing={drawing}
          label={t('label', { count: items.length })}
          table={
            <Table
              caption={t('by_question')}
              columns={[
                {
                  key: 'question',
                  header: t('question'),
                  isRowHeader: true,
                  cell: (item) => <QuestionName examId={examId} id={item.question_id} />,
                },
                {
                  key: 'share',
                  header: axis,
                  align: 'end',
                  cell: (item) => number((item.difficulty ?? 0) * 100),
                },
                {
                  key: 'discrimination',
                  header: t('discrimination'),
                  align: 'end',
                  cell: (item) => number(item.discrimination),
                },
              ]}
              keyOf={(item) => item.question_id}
              rows={items}
              size="dense"
            />
          }
        />
      )}
      {analysis.data && items.length === 0 && <p className={styles.quiet}>{t('none')}</p>}
    </Panel>
  );
}

/** How many graded attempts reached which tenth of the marks. */
function Histogram({ examId }: { examId: number }) {
  const t = useTranslations('report.scores');
  const bins = useGet('/api/v1/attempts/statistics/{exam_id}', {
    params: { path: { exam_id: examId } },
  }).data?.score_bins;
  const axis = t('attempts');
  const drawing = useMemo(() => bars(TENTHS, axis), [axis]);
  const data = useMemo<[number[], number[]]>(
    () => [TENTHS.map((_, place) => place), bins ?? []],
    [bins],
  );
  const graded = bins?.reduce((sum, count) => sum + count, 0) ?? 0;
  if (graded === 0) return null;
  const rows = TENTHS.map((name, place) => ({ name, count: bins?.[place] ?? 0 }));
  return (
    <>
      <h3 className={styles.subtitle}>{t('histogram')}</h3>
      <Chart
        data={data}
        drawing={drawing}
        label={t('histogram_label', { count: graded })}
        table={
          <Table
            caption={t('histogram')}
            columns={[
              { key: 'percent', header: t('percent'), isRowHeader: true, cell: (row) => row.name },
              { key: 'count', header: axis, align: 'end', cell: (row) => row.count },
            ]}
            keyOf={(row) => row.name}
            rows={rows}
            size="dense"
          />
        }
      />
    </>
  );
}

/** The last one has no end of its own: nobody has more than all marks. */
const TENTHS = binNames(Array.from({ length: 10 }, (_, n) => ({ lowest: n * 10 }))).map((name) =>
  name.replace('+', '–100'),
);
