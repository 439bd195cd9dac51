import { useMemo } from 'react';
import { useTranslations } from 'use-intl';
import { Panel } from '../../ui/Panel';
import { Table } from '../../ui/Table';
import { Chart } from './charts/Chart';
import { bars } from './charts/drawings';
import { binNames } from './figures';
import styles from './Report.module.css';

/** How the risk scores are spread. */
export function RiskPart({ bins }: { bins: { lowest: number; attempt_count: number }[] }) {
  const t = useTranslations('report.risk');
  const axis = t('attempts');
  const names = useMemo(() => binNames(bins), [bins]);
  const drawing = useMemo(() => bars(names, axis), [names, axis]);
  const data = useMemo<[number[], number[]]>(
    () => [bins.map((_, place) => place), bins.map((bin) => bin.attempt_count)],
    [bins],
  );
  const high = bins
    .filter((bin) => bin.lowest >= 50)
    .reduce((sum, bin) => sum + bin.attempt_count, 0);
  const rows = bins.map((bin, place) => ({ name: names[place] ?? '', count: bin.attempt_count }));
  return (
    <Panel title={t('title')}>
      <p className={styles.quiet}>{t('meaning')}</p>
      <Chart
        data={data}
        drawing={drawing}
        label={t('label', { count: high })}
        table={
          <Table
            caption={t('title')}
            columns={[
              { key: 'bin', header: t('points'), isRowHeader: true, cell: (row) => row.name },
              { key: 'count', header: axis, align: 'end', cell: (row) => row.count },
            ]}
            keyOf={(row) => row.name}
            rows={rows}
            size="dense"
          />
        }
      />
    </Panel>
  );
}
