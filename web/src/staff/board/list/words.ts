import { useMemo } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useDuration } from '../../../ui/Time';

/** The words and forms that every row uses, made once for all rows: hundreds of cells come and go. */
export function useRowWords() {
  const board = useTranslations('board');
  const row = useTranslations('board.row');
  const event = useTranslations('board.event');
  const ui = useTranslations('ui');
  const format = useFormatter();
  const length = useDuration();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new `length` has the same words
  return useMemo(
    () => ({ board, row, event, ui, format, length }),
    [board, row, event, ui, format],
  );
}

export type RowWords = ReturnType<typeof useRowWords>;
