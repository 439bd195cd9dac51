import { type MouseEvent, memo, useCallback, useSyncExternalStore } from 'react';
import { IconMore } from '../../../ui/icons';
import { needOf } from '../model/order';
import type { BoardStore } from '../store';
import { Counts, LastEvent, Presence, Risk, State, TimeLeft, Unseen } from './cells';
import styles from './Grid.module.css';
import { Sparkline } from './Sparkline';
import type { RowWords } from './words';

export interface RowProps {
  id: number;
  /** Its place among the lines, from 0 on. */
  index: number;
  /** Where it stands in the list, in pixels. */
  top: number;
  isActive: boolean;
  isSelected: boolean;
  store: BoardStore;
  since: number;
  /** The same object for all rows, always, as are the handlers. */
  words: RowWords;
  on: RowHandlers;
}

export interface RowHandlers {
  readonly focus: (index: number) => void;
  readonly select: (id: number, isExtending: boolean) => void;
  /** The address of an attempt, and going there. */
  readonly href: (id: number) => string;
  readonly open: (id: number) => void;
  readonly menu: (id: number, button: HTMLElement) => void;
}

/** One student. Renders when he changes, and not when others do. */
export const StudentRow = memo(function StudentRow(props: RowProps) {
  const { id, index, isActive, isSelected, store, on, words } = props;
  const { row: t, format } = words;
  const student = useSyncExternalStore(
    useCallback((changed: () => void) => store.onRow(id, changed), [store, id]),
    () => store.student(id),
  );
  if (!student) return null;
  const { row } = student;
  const tab = isActive ? 0 : -1;
  return (
    <div
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={`${styles.row} ${styles[needOf(row)]} ${isSelected ? styles.selected : ''}`}
      data-index={index}
      onFocus={() => on.focus(index)}
      role="row"
      style={{ transform: `translateY(${props.top}px)` }}
      tabIndex={tab}
    >
      <span role="gridcell">
        <input
          aria-label={t('select', { name: row.student_name })}
          checked={isSelected}
          className={styles.check}
          onChange={() => undefined}
          onClick={(event: MouseEvent) => on.select(id, event.shiftKey)}
          tabIndex={tab}
          type="checkbox"
        />
      </span>
      <span className={styles.student} role="rowheader">
        <a
          className={styles.name}
          href={on.href(id)}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            on.open(id);
          }}
          tabIndex={tab}
        >
          <bdi>{row.student_name || row.hall_ticket_number || t('nameless', { id })}</bdi>
        </a>
        <span className={styles.detail}>
          <bdi>{row.hall_ticket_number}</bdi> <bdi>{row.workstation_id}</bdi>
        </span>
      </span>
      <span role="gridcell">
        <State row={row} words={words} />
      </span>
      <span role="gridcell">
        <Presence row={row} words={words} />
      </span>
      <span role="gridcell">
        <TimeLeft row={row} words={words} />
      </span>
      <span className={styles.figures} role="gridcell">
        {t('answers', { done: row.questions_answered, of: row.total_questions })}
      </span>
      <span className={styles.events} role="gridcell">
        <Sparkline since={props.since} spark={student.spark} words={words} />
        <Counts row={row} words={words} />
      </span>
      <span className={styles.figures} role="gridcell">
        <Risk score={row.risk_score} words={words} />
      </span>
      <span role="gridcell">
        <LastEvent row={row} words={words} />
      </span>
      <span role="gridcell">
        <Unseen student={student} words={words} />
      </span>
      <span role="gridcell">
        <bdi
          title={
            row.claimed_at ? format.dateTime(new Date(row.claimed_at), { timeStyle: 'short' }) : ''
          }
        >
          {row.claimed_by}
        </bdi>
      </span>
      <span role="gridcell">
        <button
          aria-haspopup="menu"
          aria-label={t('more', { name: row.student_name })}
          className={styles.more}
          onClick={(event) => on.menu(id, event.currentTarget)}
          tabIndex={tab}
          type="button"
        >
          <IconMore />
        </button>
      </span>
    </div>
  );
});
