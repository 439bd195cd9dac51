import type { ProctoringEvent } from '@oep/client';
import { useEffect, useMemo, useState } from 'react';
import { useTranslations } from 'use-intl';
import { SeverityBadge } from '../../../ui/Badge';
import { Button } from '../../../ui/Button';
import { Pagination } from '../../../ui/Pagination';
import { Select } from '../../../ui/Select';
import { type Column, Table } from '../../../ui/Table';
import { Instant } from '../../../ui/Time';
import { useEventName } from '../eventNames';
import { detailsOf } from '../events';
import { useQuestions } from '../useQuestions';
import styles from './EventTable.module.css';
import { SEVERITIES, type Severity } from './marks';

const PAGE = 25;
type Wanted = 'all' | 'chosen' | Severity;

export interface EventTableProps {
  examId: number;
  /** What is in sight on the timeline, oldest first. */
  events: readonly ProctoringEvent[];
  chosen: ReadonlySet<number>;
  onChosen: (ids: ReadonlySet<number>) => void;
  onShow: (event: ProctoringEvent) => void;
}

/** The same as the picture, in rows: for the keyboard, for screen readers, and for whoever wants it exact. */
export function EventTable({ examId, events, chosen, onChosen, onShow }: EventTableProps) {
  const t = useTranslations('attempt.events');
  const ui = useTranslations('ui.severity');
  const [wanted, setWanted] = useState<Wanted>('all');
  const [skip, setSkip] = useState(0);
  const isChoice = wanted === 'chosen';
  const shown = useMemo(
    () => events.filter((each) => fits(each, wanted, chosen)),
    [events, wanted, chosen],
  );
  useEffect(() => {
    setWanted((before) => (chosen.size > 0 ? 'chosen' : before === 'chosen' ? 'all' : before));
    setSkip(0);
  }, [chosen]);
  const start = Math.min(skip, Math.max(0, Math.ceil(shown.length / PAGE - 1) * PAGE));
  return (
    <div className={styles.events}>
      <div className={styles.tools}>
        <Select
          label={t('show')}
          onChange={(next) => {
            setWanted(next);
            setSkip(0);
          }}
          options={[
            { value: 'all' as const, label: t('all') },
            ...SEVERITIES.map((each) => ({ value: each, label: ui(each) })),
            ...(chosen.size > 0 ? [{ value: 'chosen' as const, label: t('chosen') }] : []),
          ]}
          size="dense"
          value={wanted}
        />
        {isChoice && (
          <Button onPress={() => onChosen(new Set())} size="dense">
            {t('clear')}
          </Button>
        )}
      </div>
      <Table
        caption={t('caption')}
        columns={useColumns(examId, onShow)}
        empty={<p>{t('none')}</p>}
        keyOf={(event) => event.id}
        rows={shown.slice(start, start + PAGE)}
        size="dense"
      />
      {shown.length > PAGE && (
        <Pagination limit={PAGE} onSkip={setSkip} skip={start} total={shown.length} />
      )}
    </div>
  );
}

function fits(event: ProctoringEvent, wanted: Wanted, chosen: ReadonlySet<number>): boolean {
  if (wanted === 'all') return true;
  return wanted === 'chosen' ? chosen.has(event.id) : event.severity === wanted;
}

function useColumns(
  examId: number,
  onShow: (event: ProctoringEvent) => void,
): Column<ProctoringEvent>[] {
  const t = useTranslations('attempt.events');
  const name = useEventName();
  const question = useQuestions(examId);
  return [
    { key: 'number', header: t('number'), align: 'end', cell: (event) => event.sequence },
    {
      key: 'at',
      header: t('received'),
      cell: (event) => <Instant at={event.received_at} look="time" />,
    },
    { key: 'skew', header: t('way'), align: 'end', cell: (event) => <Way event={event} /> },
    {
      key: 'type',
      header: t('type'),
      isRowHeader: true,
      cell: (event) => (
        <>
          {name(event.event_type)} {event.late && <span className={styles.late}>{t('late')}</span>}
        </>
      ),
    },
    {
      key: 'severity',
      header: t('severity'),
      cell: (event) => <SeverityBadge severity={event.severity} />,
    },
    {
      key: 'question',
      header: t('question'),
      align: 'end',
      cell: (event) => question(event.question_id)?.number ?? event.question_id ?? '',
    },
    { key: 'details', header: t('details'), cell: (event) => <Details event={event} /> },
    {
      key: 'show',
      header: t('show_there'),
      isHeaderHidden: true,
      cell: (event) => (
        <Button
          aria-label={t('show_number', { number: event.sequence })}
          look="quiet"
          onPress={() => onShow(event)}
          size="dense"
        >
          {t('show_there')}
        </Button>
      ),
    },
  ];
}

/** How much later the server had it than the student's own clock says; a fact about clocks and lines. */
function Way({ event }: { event: ProctoringEvent }) {
  const t = useTranslations('attempt.events');
  return t('seconds', { seconds: -event.skew_ms / 1_000 });
}

function Details({ event }: { event: ProctoringEvent }) {
  const details = detailsOf(event);
  if (details.length === 0) return null;
  return (
    <dl className={styles.details}>
      {details.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={value}>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
