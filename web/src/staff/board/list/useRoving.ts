import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import type { Item } from '../model/listing';
import { type Move, moved } from './keys';

/** Heights in rem, so that they grow with the reader's letters: a row, and the head above them. */
const ROW_REM = 2.75;
const HEAD_REM = 2;

/** Which lines are in the page, and which of them has the keyboard: it keeps it when it moves. */
export function useRoving(items: readonly Item[], scroller: RefObject<HTMLDivElement | null>) {
  const [rem] = useState(() =>
    Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
  );
  const [activeKey, setActiveKey] = useState<string>();
  const isFocusDue = useRef(false);
  const found = activeKey === undefined ? 0 : items.findIndex((item) => keyOf(item) === activeKey);
  const active = Math.max(0, found);

  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_REM * rem,
    getItemKey: (index) => keyOf(items[index]),
    overscan: 6,
    scrollMargin: HEAD_REM * rem,
    scrollPaddingStart: HEAD_REM * rem,
    rangeExtractor: (range) => withActive(defaultRangeExtractor(range), active, items.length),
  });

  useLayoutEffect(() => {
    if (!isFocusDue.current) return;
    isFocusDue.current = false;
    const line = scroller.current?.querySelector<HTMLElement>(`[data-index="${active}"]`);
    line?.focus({ preventScroll: true });
  });

  const newest = useRef(items);
  newest.current = items;
  const touch = useCallback((index: number) => setActiveKey(keyOf(newest.current[index])), []);

  const move = (wish: Move): Item | undefined => {
    const page = Math.max(
      1,
      Math.floor((scroller.current?.clientHeight ?? 0) / (ROW_REM * rem)) - 2,
    );
    const index = moved(active, wish, items.length, page);
    isFocusDue.current = true;
    setActiveKey(keyOf(items[index]));
    virtual.scrollToIndex(index);
    return items[index];
  };

  const lines = virtual.getVirtualItems().flatMap(({ index, start }) => {
    const item = items[index];
    return item ? [{ item, index, top: start - HEAD_REM * rem }] : [];
  });
  return { lines, size: virtual.getTotalSize(), active, item: items[active], touch, move };
}

function keyOf(item: Item | undefined): string {
  if (!item) return '';
  return item.kind === 'student' ? String(item.id) : `# ${item.heading}`;
}

/** The line with the keyboard stays in the page when it is scrolled away, or the focus would be lost. */
function withActive(indexes: number[], active: number, count: number): number[] {
  if (active >= count || indexes.includes(active)) return indexes;
  return [...indexes, active].sort((one, other) => one - other);
}
