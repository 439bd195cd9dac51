import { type RefObject, useId } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../ui/Button';
import { Select } from '../../ui/Select';
import styles from './Filters.module.css';
import { type Filter, type Grouping, isEmpty } from './model/filter';
import type { Connection, Severity, Status } from './model/row';
import type { BoardStore } from './store';
import { useLines } from './useBoard';

const STATUSES = [
  'not_started',
  'in_progress',
  'submitted',
  'expired',
  'graded',
  'cancelled',
] as const;
const CONNECTIONS = ['online', 'degraded', 'offline'] as const;
const SEVERITIES = ['warning', 'violation'] as const;
const RISKS = ['10', '25', '50'] as const;
const CLAIMS = ['mine', 'free'] as const;
const GROUPINGS = ['none', 'need', 'center', 'status'] as const;

interface Choice {
  readonly name: string;
  readonly value: string;
  readonly options: readonly { value: string; label: string }[];
  /** The filter with another choice; '' = everything. */
  readonly chosen: (value: string) => Filter;
}

/** What of the board is shown, under which headings. */
export function Filters({
  store,
  search,
}: {
  store: BoardStore;
  search: RefObject<HTMLInputElement | null>;
}) {
  const t = useTranslations('board.filter');
  const { filter, grouping, shown, size } = useLines(store);
  const choices = useChoices(store);
  return (
    <search className={styles.filters}>
      <Search search={search} store={store} />
      {choices.map((choice) => (
        <Select
          key={choice.name}
          label={choice.name}
          onChange={(value) => store.choose(choice.chosen(value), grouping)}
          options={[{ value: '', label: t('all') }, ...choice.options]}
          size="dense"
          value={choice.value}
        />
      ))}
      <Select
        label={t('group')}
        onChange={(next: Grouping) => store.choose(filter, next)}
        options={GROUPINGS.map((value) => ({ value, label: t(`grouping.${value}`) }))}
        size="dense"
        value={grouping}
      />
      <p className={styles.shown}>{t('shown', { shown, size })}</p>
      {!isEmpty(filter) && (
        <Button look="quiet" onPress={() => store.choose({}, grouping)} size="dense">
          {t('clear')}
        </Button>
      )}
    </search>
  );
}

function Search({
  store,
  search,
}: {
  store: BoardStore;
  search: RefObject<HTMLInputElement | null>;
}) {
  const t = useTranslations('board.filter');
  const id = useId();
  const { filter, grouping } = useLines(store);
  return (
    <div className={styles.search}>
      <label className={styles.label} htmlFor={id}>
        {t('text')}
      </label>
      <input
        autoComplete="off"
        className={styles.input}
        id={id}
        onChange={(event) => store.choose({ ...filter, text: event.target.value }, grouping)}
        placeholder={t('text_hint')}
        ref={search}
        type="search"
        value={filter.text ?? ''}
      />
    </div>
  );
}

function useChoices(store: BoardStore): Choice[] {
  const t = useTranslations('board.filter');
  const ui = useTranslations('ui');
  const words = useTranslations('board');
  const { filter, centers } = useLines(store);
  const { status, connection, severity, minRisk, isMine, isUnclaimed, center } = filter;
  const claim = isMine ? 'mine' : isUnclaimed ? 'free' : '';
  const choices: Choice[] = [
    {
      name: t('status'),
      value: status ?? '',
      options: STATUSES.map((value) => ({ value, label: ui(`status.${value}`) })),
      chosen: (value) => chosenIn(filter, 'status', value as Status),
    },
    {
      name: t('presence'),
      value: connection ?? '',
      options: CONNECTIONS.map((value) => ({ value, label: words(`connection.${value}`) })),
      chosen: (value) => chosenIn(filter, 'connection', value as Connection),
    },
    {
      name: t('severity'),
      value: severity ?? '',
      options: SEVERITIES.map((value) => ({ value, label: t(`severities.${value}`) })),
      chosen: (value) => chosenIn(filter, 'severity', value as Severity),
    },
    {
      name: t('risk'),
      value: minRisk === undefined ? '' : String(minRisk),
      options: RISKS.map((value) => ({ value, label: t('risk_from', { score: Number(value) }) })),
      chosen: (value) => chosenIn(filter, 'minRisk', value && Number(value)),
    },
    {
      name: t('claim'),
      value: claim,
      options: CLAIMS.map((value) => ({ value, label: t(`claims.${value}`) })),
      chosen: (value) => {
        const { isMine: _, isUnclaimed: __, ...rest } = filter;
        return { ...rest, isMine: value === 'mine', isUnclaimed: value === 'free' };
      },
    },
  ];
  const places: Choice = {
    name: t('center'),
    value: center ?? '',
    options: centers.map((value) => ({ value, label: value })),
    chosen: (value) => chosenIn(filter, 'center', value),
  };
  return centers.length > 1 ? [...choices, places] : choices;
}

/** The filter with another value of one field, or without it when that is ''. */
function chosenIn<Name extends keyof Filter>(
  filter: Filter,
  name: Name,
  value: Filter[Name] | '',
): Filter {
  const { [name]: _, ...rest } = filter;
  return value === '' ? (rest as Filter) : { ...filter, [name]: value };
}
