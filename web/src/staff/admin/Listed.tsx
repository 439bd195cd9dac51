import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Pagination } from '../../ui/Pagination';
import { ProblemBox } from '../../ui/ProblemBox';
import { Loading } from '../../ui/Spinner';
import { type Column, Table } from '../../ui/Table';
import { cut, PAGE_SIZE } from './lists';

export interface ListedProps<Row> {
  query: UseQueryResult<readonly Row[] | Row[], Error>;
  caption: string;
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string | number;
  skip: number;
  onSkip: (skip: number) => void;
  empty: ReactNode;
}

/** One page of a list that the server cuts: waiting, refused, empty, or a table with its pages. */
export function Listed<Row>(props: ListedProps<Row>) {
  const { query, skip, onSkip } = props;
  if (query.error && !query.data) {
    return <ProblemBox onRetry={() => query.refetch()} problem={query.error} />;
  }
  if (!query.data) return <Loading />;
  const { rows, hasNext } = cut<Row>(query.data);
  return (
    <>
      <Table
        caption={props.caption}
        columns={props.columns}
        empty={props.empty}
        isUpdating={query.isPlaceholderData}
        keyOf={props.keyOf}
        rows={rows}
      />
      {(skip > 0 || hasNext) && (
        <Pagination
          count={rows.length}
          hasNext={hasNext}
          limit={PAGE_SIZE}
          onSkip={onSkip}
          skip={skip}
        />
      )}
    </>
  );
}
