import { useTranslations } from 'use-intl';
import { PageTitle } from '../../../ui/Page';
import { Select } from '../../../ui/Select';
import { TextField } from '../../../ui/TextField';
import { instantOf } from '../exams/draft';
import { Filters } from '../Filters';
import { asked, given } from '../lists';
import { useFilters, useListed } from '../useListed';
import { AuditTable } from './AuditTable';

const NAMES = ['source', 'event', 'user', 'attempt', 'exam', 'since', 'until', 'success'] as const;
type Name = (typeof NAMES)[number];

/** What was done and tried, newest first, in the two services that keep an audit. */
export function Audit() {
  const t = useTranslations('admin');
  const { values, set, skip, setSkip } = useFilters(...NAMES);
  const Source = values.source === 'attempts' ? OfAttempts : OfAuth;
  return (
    <>
      <PageTitle below={t('audit.below')} title={t('areas.audit')} />
      <AuditFilters set={set} values={values} />
      <Source onSkip={setSkip} skip={skip} values={values} />
    </>
  );
}

interface SourceProps {
  values: Record<Name, string>;
  skip: number;
  onSkip: (skip: number) => void;
}

function OfAuth({ values, skip, onSkip }: SourceProps) {
  const query = useListed('/api/v1/auth/audit', {
    params: { query: { ...asked(skip), ...shared(values) } },
  });
  return <AuditTable onSkip={onSkip} query={query} skip={skip} />;
}

function OfAttempts({ values, skip, onSkip }: SourceProps) {
  const query = useListed('/api/v1/attempts/audit', {
    params: {
      query: {
        ...asked(skip),
        ...shared(values),
        ...given({ attempt_id: idOf(values.attempt), exam_id: idOf(values.exam) }),
      },
    },
  });
  return <AuditTable onSkip={onSkip} query={query} skip={skip} />;
}

function shared(values: Record<Name, string>) {
  return given({
    event_type: values.event,
    user_id: idOf(values.user),
    since: instantOf(values.since) ?? '',
    until: instantOf(values.until) ?? '',
    success: values.success ? values.success === 'yes' : undefined,
  });
}

function idOf(typed: string): number | undefined {
  const id = Number(typed);
  return typed && Number.isInteger(id) ? id : undefined;
}

function AuditFilters({
  values,
  set,
}: {
  values: Record<Name, string>;
  set: (name: Name, value: string) => void;
}) {
  const t = useTranslations('admin');
  const text = (name: Name) => ({
    label: t(`audit.${name}`),
    onChange: (value: string) => set(name, value),
    value: values[name],
  });
  const isOfAttempts = values.source === 'attempts';
  return (
    <Filters>
      <Select
        {...text('source')}
        options={(['auth', 'attempts'] as const).map((value) => ({
          value: value as string,
          label: t(`audit.sources.${value}`),
        }))}
        value={values.source || 'auth'}
      />
      <TextField {...text('event')} />
      <TextField {...text('user')} inputMode="numeric" />
      {isOfAttempts && <TextField {...text('attempt')} inputMode="numeric" />}
      {isOfAttempts && <TextField {...text('exam')} inputMode="numeric" />}
      <TextField {...text('since')} type="datetime-local" />
      <TextField {...text('until')} type="datetime-local" />
      <Select
        {...text('success')}
        options={[
          { value: '', label: t('audit.either') },
          { value: 'yes', label: t('audit.succeeded') },
          { value: 'no', label: t('audit.failed') },
        ]}
      />
    </Filters>
  );
}
