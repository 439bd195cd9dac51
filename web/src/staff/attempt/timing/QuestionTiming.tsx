import { useFormatter, useTranslations } from 'use-intl';
import { Badge } from '../../../ui/Badge';
import { IconClock } from '../../../ui/icons';
import { Panel } from '../../../ui/Panel';
import { type Column, Table } from '../../../ui/Table';
import { useDuration } from '../../../ui/Time';
import { QuestionName } from '../QuestionName';
import { type Bar, barsOf, type Pace } from './pace';
import styles from './QuestionTiming.module.css';

/** How long each question took, beside the median and the middle half of the class. It flags, no more. */
export function QuestionTiming({ examId, paces }: { examId: number; paces: readonly Pace[] }) {
  const t = useTranslations('attempt.timing');
  const { bars } = barsOf(paces);
  const rows = paces.map((pace, place) => ({ pace, bar: bars[place] }));
  return (
    <Panel title={t('title')}>
      <p className={styles.lead}>{t('lead')}</p>
      <Table
        caption={t('title')}
        columns={useColumns(examId)}
        empty={<p>{t('none')}</p>}
        keyOf={(row) => row.pace.question_id}
        rows={rows}
        size="dense"
      />
    </Panel>
  );
}

interface Row {
  pace: Pace;
  bar: Bar | undefined;
}

function useColumns(examId: number): Column<Row>[] {
  const t = useTranslations('attempt.timing');
  const format = useFormatter();
  const length = useDuration();
  const half = ({ class_pace: told }: Pace) =>
    told
      ? t('half', { from: Math.round(told.lower_quartile), to: Math.round(told.upper_quartile) })
      : t('too_few');
  return [
    {
      key: 'question',
      header: t('question'),
      isRowHeader: true,
      cell: ({ pace }) => <QuestionName examId={examId} id={pace.question_id} />,
    },
    { key: 'bar', header: t('picture'), cell: ({ bar }) => bar && <Picture bar={bar} /> },
    {
      key: 'time',
      header: t('time'),
      align: 'end',
      cell: ({ pace }) => length(pace.total_time_seconds),
    },
    {
      key: 'median',
      header: t('median'),
      align: 'end',
      cell: ({ pace }) => (pace.class_pace ? length(pace.class_pace.median) : ''),
    },
    { key: 'half', header: t('middle_half'), align: 'end', cell: ({ pace }) => half(pace) },
    {
      key: 'times',
      header: t('times_median'),
      align: 'end',
      cell: ({ pace }) =>
        pace.times_median === null
          ? ''
          : t('times', { times: format.number(pace.times_median, { maximumFractionDigits: 1 }) }),
    },
    { key: 'pace', header: t('pace'), cell: ({ bar }) => <PaceBadge bar={bar} /> },
  ];
}

function PaceBadge({ bar }: { bar: Bar | undefined }) {
  const t = useTranslations('attempt.timing');
  if (bar?.pace !== 'faster' && bar?.pace !== 'slower') return null;
  return (
    <Badge icon={IconClock} tone="warning">
      {t(`paces.${bar.pace}`)}
    </Badge>
  );
}

const WIDTH = 160;
const HEIGHT = 20;

/** The box is the class's middle half with its median, the bar is this student. */
function Picture({ bar }: { bar: Bar }) {
  const own = bar.own * WIDTH;
  return (
    <svg aria-hidden="true" className={styles.picture} height={HEIGHT} width={WIDTH + 2}>
      {bar.box && (
        <rect
          className={styles.box}
          height={HEIGHT - 4}
          width={Math.max((bar.box.to - bar.box.from) * WIDTH, 2)}
          x={bar.box.from * WIDTH}
          y={2}
        />
      )}
      <rect className={styles.own} height={6} width={own} x={0} y={HEIGHT / 2 - 3} />
      {bar.isBeyond && <path className={styles.beyond} d={`M${WIDTH - 6} 4l6 6-6 6z`} />}
      {bar.box && (
        <line
          className={styles.median}
          x1={bar.box.median * WIDTH}
          x2={bar.box.median * WIDTH}
          y1={0}
          y2={HEIGHT}
        />
      )}
    </svg>
  );
}
