import type { Schemas } from '@oep/client';
import { useTranslations } from 'use-intl';
import { Badge, type Tone } from '../../../ui/Badge';
import { Banner } from '../../../ui/Banner';
import { IconCheck, IconClock, IconStop } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { type Column, Table } from '../../../ui/Table';

type Row = Schemas['ImportedRow'];

/** What became of a sheet, row by row; the refused ones with the reasons first. */
export function ImportOutcome({ report }: { report: Schemas['ImportReport'] }) {
  const t = useTranslations('admin');
  const { dry_run, added, updated, refused } = report;
  const skipped = report.skipped + report.unchanged;
  const columns: Column<Row>[] = [
    { key: 'row', header: t('peopleImport.row'), align: 'end', cell: (row) => row.row },
    {
      key: 'name',
      header: t('person.username'),
      isRowHeader: true,
      cell: (row) => row.username || '–',
    },
    {
      key: 'outcome',
      header: t('peopleImport.outcome'),
      cell: (row) => <OutcomeBadge outcome={row.outcome} />,
    },
    { key: 'why', header: t('peopleImport.why'), cell: (row) => row.messages.join(' · ') },
  ];
  return (
    <Panel title={t(dry_run ? 'peopleImport.trialOutcome' : 'peopleImport.done')}>
      <Banner live="polite" tone={refused > 0 ? 'warning' : 'good'}>
        {t(dry_run ? 'peopleImport.wouldBe' : 'peopleImport.were', {
          added,
          updated,
          skipped,
          refused,
        })}
      </Banner>
      <Table
        caption={t('peopleImport.rows')}
        columns={columns}
        keyOf={(row) => row.row}
        rows={worstFirst(report.rows)}
        size="dense"
      />
    </Panel>
  );
}

function worstFirst(rows: readonly Row[]): readonly Row[] {
  const isRefused = (row: Row) => Number(row.outcome === 'refused');
  return rows.toSorted((a, b) => isRefused(b) - isRefused(a) || a.row - b.row);
}

const LOOKS = {
  added: ['good', IconCheck],
  updated: ['good', IconCheck],
  unchanged: ['plain', IconClock],
  skipped: ['plain', IconClock],
  refused: ['bad', IconStop],
} as const satisfies Record<Row['outcome'], readonly [Tone, typeof IconCheck]>;

function OutcomeBadge({ outcome }: { outcome: Row['outcome'] }) {
  const t = useTranslations('admin');
  const [tone, icon] = LOOKS[outcome];
  return (
    <Badge icon={icon} tone={tone}>
      {t(`outcomes.${outcome}`)}
    </Badge>
  );
}
