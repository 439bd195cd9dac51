import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { IconDown, IconSort, IconUp } from './icons';
import styles from './Table.module.css';

export interface Column<Row> {
  key: string;
  header: string;
  /** The header is for screen readers only: a column of buttons, a box to tick. */
  isHeaderHidden?: boolean;
  cell: (row: Row) => ReactNode;
  /** This cell names the row for screen readers; one column should. */
  isRowHeader?: boolean;
  /** Figures stand at the end, so that their digits line up. */
  align?: 'start' | 'end';
  isSortable?: boolean;
}

export interface Sort {
  by: string;
  isDescending: boolean;
}

export interface TableProps<Row> {
  /** What the table shows; read first by screen readers. */
  caption: string;
  isCaptionShown?: boolean;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  size?: 'dense' | 'normal';
  /** Shown in place of rows when there are none. */
  empty?: ReactNode;
  /** New rows are on their way; the old ones stay, dimmed. */
  isUpdating?: boolean;
}

/** A plain table of rows that are all here (a page of a list); scrolls sideways in its own box. */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, size = 'normal' } = props;
  if (rows.length === 0 && props.empty) return props.empty;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard
    <section aria-label={caption} className={styles.box} tabIndex={0}>
      <table aria-busy={props.isUpdating ?? false} className={`${styles.table} ${styles[size]}`}>
        <caption className={props.isCaptionShown ? styles.caption : 'visually-hidden'}>
          {caption}
        </caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeaderCell column={column} key={column.key} {...props} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.keyOf(row)}>
              {columns.map((column) => (
                <BodyCell column={column} key={column.key} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function BodyCell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const className = column.align === 'end' ? styles.end : undefined;
  const content = column.cell(row);
  if (!column.isRowHeader) return <td className={className}>{content}</td>;
  return (
    <th className={className} scope="row">
      {content}
    </th>
  );
}

function HeaderCell<Row>({
  column,
  sort,
  onSort,
}: Pick<TableProps<Row>, 'sort' | 'onSort'> & { column: Column<Row> }) {
  const t = useTranslations('ui');
  const isSorted = sort?.by === column.key;
  const className = column.align === 'end' ? styles.end : undefined;
  if (!column.isSortable || !onSort) {
    return (
      <th className={className} scope="col">
        <span className={column.isHeaderHidden ? 'visually-hidden' : undefined}>
          {column.header}
        </span>
      </th>
    );
  }
  const isDescending = isSorted && !sort.isDescending;
  return (
    <th
      aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none'}
      className={className}
      scope="col"
    >
      <button
        className={styles.sort}
        onClick={() => onSort({ by: column.key, isDescending })}
        title={t('sortBy', { column: column.header })}
        type="button"
      >
        {column.header}
        <SortSign sort={isSorted ? sort : undefined} />
      </button>
    </th>
  );
}

function SortSign({ sort }: { sort: Sort | undefined }) {
  if (!sort) return <IconSort />;
  return sort.isDescending ? <IconDown /> : <IconUp />;
}
