import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import { Checkbox } from '../../../ui/Checkbox';
import { IconSearch } from '../../../ui/icons';
import { Select } from '../../../ui/Select';
import { TextField } from '../../../ui/TextField';
import styles from '../Report.module.css';
import { REVIEW_STATES, SEVERITIES, STATUSES, type Wanted } from '../wanted';

const RISKS = ['20', '50', '80'] as const;

/** What has to be so for an attempt to be listed, and to be in the files. */
export function Filters({
  wanted,
  onChange,
}: {
  wanted: Wanted;
  onChange: (name: string, value: string) => void;
}) {
  const t = useTranslations('report.filters');
  const ui = useTranslations('ui');
  const reviews = useTranslations('reviews');
  const every = { value: '', label: t('every') };
  return (
    <search className={styles.filters}>
      <Search onSearch={(text) => onChange('search', text)} text={wanted.search ?? ''} />
      <Select
        label={t('status')}
        onChange={(value) => onChange('status', value)}
        options={[every, ...STATUSES.map((value) => ({ value, label: ui(`status.${value}`) }))]}
        size="dense"
        value={wanted.status ?? ''}
      />
      <Select
        label={t('severity')}
        onChange={(value) => onChange('severity', value)}
        options={[every, ...SEVERITIES.map((value) => ({ value, label: ui(`severity.${value}`) }))]}
        size="dense"
        value={wanted.severity ?? ''}
      />
      <Select
        label={t('risk')}
        onChange={(value) => onChange('min_risk', value)}
        options={[
          every,
          ...RISKS.map((value) => ({ value, label: t('at_least', { points: Number(value) }) })),
        ]}
        size="dense"
        value={String(wanted.min_risk ?? '')}
      />
      <Select
        label={t('review')}
        onChange={(value) => onChange('review_state', value)}
        options={[
          every,
          ...REVIEW_STATES.map((value) => ({ value, label: reviews(`states.${value}`) })),
        ]}
        size="dense"
        value={wanted.review_state ?? ''}
      />
      <Checkbox
        isSelected={wanted.has_missing_events ?? false}
        onChange={(is) => onChange('has_missing_events', is ? '1' : '')}
        size="dense"
      >
        {t('missing')}
      </Checkbox>
      {wanted.search && <p className={styles.quiet}>{t('search_not_in_files')}</p>}
    </search>
  );
}

function Search({ text, onSearch }: { text: string; onSearch: (text: string) => void }) {
  const t = useTranslations('report.filters');
  const [typed, setTyped] = useState(text);
  return (
    <form
      className={styles.search}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(typed.trim());
      }}
    >
      <TextField
        label={t('search')}
        maxLength={100}
        onChange={setTyped}
        size="dense"
        type="search"
        value={typed}
      />
      <Button size="dense" type="submit">
        <IconSearch />
        {t('find')}
      </Button>
    </form>
  );
}
