import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { Panel } from '../../ui/Panel';
import { ProblemBox } from '../../ui/ProblemBox';
import { Loading } from '../../ui/Spinner';
import { type Column, Table } from '../../ui/Table';
import { useEventName } from '../attempt/eventNames';
import { type TypeRow, typesOf } from './figures';
import styles from './Report.module.css';

/** How often each type of event came, by severity. */
export function EventTypes({
  counts,
  error,
}: {
  counts: Schemas['TypeCountBody'][] | undefined;
  error: Error | null;
}) {
  const t = useTranslations('report.types');
  const rows = typesOf(counts ?? []);
  const columns = useColumns(rows);
  return (
    <Panel title={t('title')}>
      {error && <ProblemBox problem={error} />}
      {!counts && !error && <Loading />}
      {counts && (
        <Table
          caption={t('title')}
          columns={columns}
          empty={<p>{t('none')}</p>}
          keyOf={(row) => row.type}
          rows={rows}
          size="dense"
        />
      )}
    </Panel>
  );
}

function useColumns(rows: readonly TypeRow[]): Column<TypeRow>[] {
  const t = useTranslations('report.types');
  const ui = useTranslations('ui.severity');
  const name = useEventName();
  const most = Math.max(1, ...rows.map((row) => row.total));
  return [
    { key: 'type', header: t('type'), isRowHeader: true, cell: (row) => name(row.type) },
    { key: 'bar', header: t('picture'), cell: (row) => <Bar most={most} row={row} /> },
    { key: 'violation', header: ui('violation'), align: 'end', cell: (row) => row.violation || '' },
    { key: 'warning', header: ui('warning'), align: 'end', cell: (row) => row.warning || '' },
    { key: 'info', header: ui('info'), align: 'end', cell: (row) => row.info || '' },
    { key: 'total', header: t('total'), align: 'end', cell: (row) => row.total },
  ];
}

const WIDTH = 240;

/** The three severities in one bar, the gravest first and tallest; the figures stand beside it. */
function Bar({ row, most }: { row: TypeRow; most: number }) {
  const share = (count: number) => (count / most) * WIDTH;
  const [violation, warning, info] = [share(row.violation), share(row.warning), share(row.info)];
  return (
    <svg aria-hidden="true" className={styles.bar} height={16} width={WIDTH}>
      <rect className={styles.violation} height={16} width={violation} x={0} y={0} />
      <rect className={styles.warning} height={10} width={warning} x={violation} y={3} />
      <rect className={styles.info} height={6} width={info} x={violation + warning} y={5} />
    </svg>
  );
}
