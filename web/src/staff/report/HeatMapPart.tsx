import { useState } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useGet } from '../../api';
import { Button } from '../../ui/Button';
import { IconBack, IconForward } from '../../ui/icons';
import { Link } from '../../ui/Link';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Select } from '../../ui/Select';
import { Loading } from '../../ui/Spinner';
import styles from './HeatMap.module.css';
import { type Cell, type Heat, heatOf } from './heat';

const ROWS = 20;
const COLUMNS = 24;
const BUCKETS = ['60', '300', '900', '3600'] as const;

/** Who had warnings and violations when: students × time, those with most violations first. */
export function HeatMapPart({ examId }: { examId: number }) {
  const t = useTranslations('report.heat');
  const [bucket, setBucket] = useState<(typeof BUCKETS)[number]>('300');
  const [skip, setSkip] = useState(0);
  const path = { exam_id: examId };
  const figures = useGet('/api/v1/proctoring/exams/{exam_id}/report/events', {
    params: { path, query: { bucket_seconds: Number(bucket), skip, limit: ROWS } },
  });
  // The same order in the list of attempts, which knows the names of whom this person may see.
  const names = useGet('/api/v1/proctoring/exams/{exam_id}/attempts', {
    params: { path, query: { sort: 'violations', skip, limit: ROWS * 2, has_events: true } },
  });
  const nameOf = (id: number) =>
    names.data?.attempts.find((line) => line.attempt_id === id)?.student_name ??
    t('attempt', { id: String(id) });
  const heat = figures.data && heatOf(figures.data.heat_map, COLUMNS);
  return (
    <Panel
      actions={
        <Select
          label={t('bucket')}
          onChange={setBucket}
          options={BUCKETS.map((value) => ({
            value,
            label: t('minutes', { count: Number(value) / 60 }),
          }))}
          size="dense"
          value={bucket}
        />
      }
      title={t('title')}
    >
      <p className={styles.quiet}>{t('meaning')}</p>
      {figures.error && <ProblemBox onRetry={() => figures.refetch()} problem={figures.error} />}
      {figures.isPending && <Loading />}
      {heat && heat.rows.length === 0 && <p>{t(skip > 0 ? 'no_more' : 'none')}</p>}
      {heat && heat.rows.length > 0 && <Grid heat={heat} nameOf={nameOf} />}
      {heat && (skip > 0 || heat.rows.length === ROWS) && (
        <Pager isLast={heat.rows.length < ROWS} onSkip={setSkip} skip={skip} />
      )}
    </Panel>
  );
}

function Grid({ heat, nameOf }: { heat: Heat; nameOf: (id: number) => string }) {
  const t = useTranslations('report.heat');
  const format = useFormatter();
  const time = (at: number) =>
    format.dateTime(at, { hour: '2-digit', minute: '2-digit', hour12: false });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard
    <section aria-label={t('title')} className={styles.box} tabIndex={0}>
      <table className={styles.grid}>
        <caption className="visually-hidden">
          {t('caption', { minutes: heat.columnMs / 60_000 })}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t('student')}</th>
            {heat.columns.map((at) => (
              <th key={at} scope="col">
                {time(at)}
              </th>
            ))}
            <th scope="col">{t('sum')}</th>
          </tr>
        </thead>
        <tbody>
          {heat.rows.map((row) => (
            <tr key={row.attemptId}>
              <th scope="row">
                <Link to={`/attempts/${row.attemptId}`}>{nameOf(row.attemptId)}</Link>
              </th>
              {row.cells.map((cell, place) => (
                <GridCell cell={cell} key={heat.columns[place]} />
              ))}
              <td className={styles.sum}>{row.violations + row.warnings}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Shows violations as a figure, warnings alone as a dot with their number for who cannot see it. */
function GridCell({ cell }: { cell: Cell }) {
  const t = useTranslations('report.heat');
  const { level, warnings, violations } = cell;
  if (level === 0) return <td className={styles.level0} />;
  return (
    <td className={styles[`level${level}`]} title={t('cell', { violations, warnings })}>
      <span aria-hidden="true">{violations || '·'}</span>
      <span className="visually-hidden">{t('cell', { violations, warnings })}</span>
    </td>
  );
}

function Pager(props: { skip: number; isLast: boolean; onSkip: (skip: number) => void }) {
  const { skip, isLast, onSkip } = props;
  const t = useTranslations('ui');
  const heat = useTranslations('report.heat');
  return (
    <nav aria-label={heat('pages')} className={styles.pager}>
      <Button isDisabled={skip === 0} onPress={() => onSkip(Math.max(0, skip - ROWS))}>
        <IconBack />
        {t('previous')}
      </Button>
      <Button isDisabled={isLast} onPress={() => onSkip(skip + ROWS)}>
        {t('next')}
        <IconForward />
      </Button>
    </nav>
  );
}
