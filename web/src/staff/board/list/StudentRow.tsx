import { type MouseEvent, memo, useCallback, useSyncExternalStore } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { Link } from 'wouter';
import { IconMore } from '../../../ui/icons';
import { needOf } from '../model/order';
import type { BoardStore } from '../store';
import { Counts, LastEvent, Presence, Risk, State, TimeLeft, Unseen } from './cells';
import styles from './Grid.module.css';
import { Sparkline } from './Sparkline';

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
  /** The same object for all rows, always. */
  on: RowHandlers;
}

export interface RowHandlers {
  readonly focus: (index: number) => void;
  readonly select: (id: number, isExtending: boolean) => void;
  readonly menu: (id: number, button: HTMLElement) => void;
}

/** One student. Renders when he changes, and not when others do. */
export const StudentRow = memo(function StudentRow(props: RowProps) {
  const { id, index, isActive, isSelected, store, on } = props;
  const t = useTranslations('board.row');
  const format = useFormatter();
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
        <Link className={styles.name} href={`/attempts/${id}`} tabIndex={tab}>
          <bdi>{row.student_name || row.hall_ticket_number || t('nameless', { id })}</bdi>
        </Link>
        <span className={styles.detail}>
          <bdi>{row.hall_ticket_number}</bdi> <bdi>{row.workstation_id}</bdi>
        </span>
      </span>
      <span role="gridcell">
        <State row={row} />
      </span>
      <span role="gridcell">
        <Presence row={row} />
      </span>
      <span role="gridcell">
        <TimeLeft row={row} />
      </span>
      <span className={styles.figures} role="gridcell">
        {t('answers', { done: row.questions_answered, of: row.total_questions })}
      </span>
      <span className={styles.events} role="gridcell">
        <Sparkline since={props.since} spark={student.spark} />
        <Counts row={row} />
      </span>
      <span className={styles.figures} role="gridcell">
        <Risk score={row.risk_score} />
      </span>
      <span role="gridcell">
        <LastEvent row={row} />
      </span>
      <span role="gridcell">
        <Unseen student={student} />
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
