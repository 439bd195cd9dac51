import type { Schemas, User } from '@oep/client';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Badge } from '../../../ui/Badge';
import { EmptyState } from '../../../ui/EmptyState';
import { IconCheck, IconStop } from '../../../ui/icons';
import { Link } from '../../../ui/Link';
import type { Column } from '../../../ui/Table';
import { Instant } from '../../../ui/Time';
import { Listed } from '../Listed';
import { cut } from '../lists';
import { usePeople } from '../usePeople';
import styles from './AuditTable.module.css';

/** What both services' entries have in common, and what one of them says besides. */
type Entry = Omit<Schemas['AuditEntryBody'], 'attempt_id' | 'exam_id' | 'transfer_id'> &
  Partial<Pick<Schemas['AuditEntryBody'], 'attempt_id' | 'exam_id'>> & {
    subject_id?: number | null;
  };

/** Entries of an audit. */
export function AuditTable(props: {
  query: UseQueryResult<Entry[], Error>;
  skip: number;
  onSkip: (skip: number) => void;
}) {
  const t = useTranslations('admin');
  const { rows } = cut(props.query.data);
  const people = usePeople(rows.flatMap(({ user_id, subject_id }) => [user_id, subject_id]));
  const columns: Column<Entry>[] = [
    {
      key: 'at',
      header: t('audit.at'),
      cell: (entry) => <Instant at={entry.created_at} look="zoned" />,
    },
    {
      key: 'what',
      header: t('audit.what'),
      isRowHeader: true,
      cell: (entry) => (
        <>
          {entry.description}
          <code className={styles.type}>{entry.event_type}</code>
        </>
      ),
    },
    {
      key: 'who',
      header: t('audit.who'),
      cell: ({ user_id }) => <Who id={user_id} people={people} />,
    },
    {
      key: 'about',
      header: t('audit.about'),
      cell: (entry) => <About entry={entry} people={people} />,
    },
    {
      key: 'success',
      header: t('audit.success'),
      cell: (entry) => (
        <Badge icon={entry.success ? IconCheck : IconStop} tone={entry.success ? 'good' : 'bad'}>
          {t(entry.success ? 'audit.succeeded' : 'audit.failed')}
        </Badge>
      ),
    },
    { key: 'from', header: t('audit.from'), cell: (entry) => entry.ip_address ?? '–' },
    { key: 'details', header: t('audit.details'), cell: (entry) => <Details entry={entry} /> },
  ];
  return (
    <Listed
      {...props}
      caption={t('areas.audit')}
      columns={columns}
      empty={<EmptyState title={t('audit.none')} />}
      keyOf={(entry) => entry.id}
    />
  );
}

type People = ReadonlyMap<number, User>;

function Who({ id, people }: { id: number | null | undefined; people: People }) {
  return id ? <Link to={`/people/${id}`}>{people.get(id)?.full_name ?? `#${id}`}</Link> : '–';
}

function About({ entry, people }: { entry: Entry; people: People }) {
  const t = useTranslations('admin');
  if (entry.subject_id) return <Who id={entry.subject_id} people={people} />;
  const parts = [
    entry.exam_id && t('audit.examId', { id: entry.exam_id }),
    entry.attempt_id && t('audit.attemptId', { id: entry.attempt_id }),
  ];
  return parts.filter(Boolean).join(', ') || '–';
}

/** Names of fields and ids, never values or secrets: the services see to it. */
function Details({ entry }: { entry: Entry }) {
  const said = Object.entries(entry.details);
  if (said.length === 0 && !entry.error_message) return '–';
  return (
    <ul className={styles.details}>
      {entry.error_message && <li>{entry.error_message}</li>}
      {said.map(([name, value]) => (
        <li key={name}>
          <code>
            {name}: {typeof value === 'string' ? value : JSON.stringify(value)}
          </code>
        </li>
      ))}
    </ul>
  );
}
