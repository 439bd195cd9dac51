import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useLocation, useRouter } from 'wouter';
import type { Deeds } from '../deeds/useDeeds';
import type { Item } from '../model/listing';
import type { BoardStore } from '../store';
import { useLines } from '../useBoard';
import { COLUMNS, QUIET } from './columns';
import styles from './Grid.module.css';
import { HeadingRow } from './HeadingRow';
import { type Deed, wishOf } from './keys';
import { RowMenu } from './RowMenu';
import { StudentRow } from './StudentRow';
import { useHold } from './useHold';
import { useRoving } from './useRoving';
import type { Selection } from './useSelection';
import { WaitingPill } from './WaitingPill';
import { useRowWords } from './words';

/** What the list can open beside itself. */
export interface Windows {
  readonly chat: (id: number) => void;
  readonly help: () => void;
  readonly search: () => void;
}

interface Props {
  store: BoardStore;
  selection: Selection;
  deeds: Deeds;
  windows: Windows;
}

/** The list of students: a grid of which only those lines are in the page that are seen. */
export function Grid({ store, selection, deeds, windows }: Props) {
  const t = useTranslations('board');
  const lines = useLines(store);
  const scroller = useRef<HTMLDivElement>(null);
  const since = lines.eventsSince ?? 0; // before a snapshot there are no rows
  const [menu, setMenu] = useState<{ id: number; button: HTMLElement }>();
  const hold = useHold(store);
  const roving = useRoving(lines.items, scroller);
  const { toggle, extendTo } = selection;
  const words = useRowWords();
  const [, navigate] = useLocation();
  const { base } = useRouter();
  const on = useMemo(
    () => ({
      focus: roving.touch,
      select: (id: number, isExtending: boolean) => (isExtending ? extendTo(id) : toggle(id)),
      href: (id: number) => `${base}/attempts/${id}`,
      open: (id: number) => navigate(`/attempts/${id}`),
      menu: (id: number, button: HTMLElement) => setMenu({ id, button }),
    }),
    [roving.touch, toggle, extendTo, base, navigate],
  );
  const onToggle = useCallback((heading: string) => store.toggle(heading), [store]);
  const onKeyDown = useKeys({ store, selection, deeds, windows }, roving);

  return (
    <div className={styles.frame}>
      <div
        {...hold}
        aria-colcount={COLUMNS.length}
        aria-label={t('list')}
        aria-multiselectable
        aria-rowcount={lines.items.length + 1}
        className={styles.grid}
        onKeyDown={onKeyDown}
        ref={scroller}
        role="grid"
        tabIndex={lines.items.length === 0 ? 0 : -1}
      >
        <Head />
        <div className={styles.body} role="rowgroup" style={{ blockSize: roving.size }}>
          {roving.lines.map(({ item, index, top }) =>
            item.kind === 'student' ? (
              <StudentRow
                id={item.id}
                index={index}
                isActive={index === roving.active}
                isSelected={selection.ids.has(item.id)}
                key={item.id}
                on={on}
                since={since}
                store={store}
                top={top}
                words={words}
              />
            ) : (
              <HeadingRow
                {...item}
                grouping={lines.grouping}
                index={index}
                isActive={index === roving.active}
                key={`# ${item.heading}`}
                onFocus={roving.touch}
                onToggle={onToggle}
                top={top}
              />
            ),
          )}
        </div>
      </div>
      {lines.items.length === 0 && (
        <p className={styles.nobody}>{t(lines.size === 0 ? 'nobody' : 'nobody_fits')}</p>
      )}
      <WaitingPill onShow={() => store.showWaiting()} waiting={lines.waiting} />
      {menu && (
        <RowMenu
          {...menu}
          deeds={deeds}
          onClose={() => setMenu(undefined)}
          store={store}
          windows={windows}
        />
      )}
    </div>
  );
}

function Head() {
  const t = useTranslations('board.column');
  return (
    <div className={styles.headgroup} role="rowgroup">
      <div aria-rowindex={1} className={styles.head} role="row">
        {COLUMNS.map((column) => (
          <span key={column} role="columnheader">
            <span className={QUIET.has(column) ? 'visually-hidden' : undefined}>{t(column)}</span>
          </span>
        ))}
      </div>
    </div>
  );
}

/** What the keys do while the list has them. */
function useKeys(
  { store, selection, deeds, windows }: Props,
  roving: ReturnType<typeof useRoving>,
) {
  const [, navigate] = useLocation();

  const chosen = (id: number) => (selection.ids.size > 0 ? [...selection.ids] : [id]);

  const deedFor = (deed: Deed, id: number) => {
    switch (deed) {
      case 'open':
        return navigate(`/attempts/${id}`);
      case 'select':
        return selection.toggle(id);
      case 'chat':
        return windows.chat(id);
      case 'lower_hand':
        return deeds.lowerHand(id);
      case 'claim':
        return deeds.claim(chosen(id));
      case 'pause':
        return deeds.start(store.student(id)?.row.paused_at ? 'resume' : 'pause', chosen(id));
      case 'message':
      case 'warn':
      case 'extend':
      case 'authorise':
      case 'terminate':
        return deeds.start(deed, chosen(id));
    }
  };

  const general: Partial<Record<Deed, () => void>> = {
    select_all: selection.all,
    clear: selection.clear,
    show_waiting: () => store.showWaiting(),
    search: windows.search,
    help: windows.help,
  };

  const onLine = (deed: Deed, item: Item | undefined) => {
    if (item?.kind === 'student') deedFor(deed, item.id);
    else if (item && (deed === 'open' || deed === 'select')) store.toggle(item.heading);
  };

  return (event: KeyboardEvent<HTMLElement>) => {
    const wish = wishOf(event);
    if (!wish || isOwnOf(event)) return;
    event.preventDefault();
    if ('move' in wish) {
      const item = roving.move(wish.move);
      if (wish.isExtending && item?.kind === 'student') selection.extendTo(item.id);
      return;
    }
    const whole = general[wish.deed];
    if (whole) whole();
    else onLine(wish.deed, roving.item);
  };
}

/** Enter and the space bar on a link, a box or a button are that one's; so is all in a menu's window. */
function isOwnOf(event: KeyboardEvent<HTMLElement>): boolean {
  const target = event.target as HTMLElement;
  if (!event.currentTarget.contains(target)) return true;
  const isPress = event.key === 'Enter' || event.key === ' ';
  return isPress && target.closest('a, button, input') !== null;
}
