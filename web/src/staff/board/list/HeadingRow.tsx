import { memo } from 'react';
import { useTranslations } from 'use-intl';
import { IconChevron, IconDown } from '../../../ui/icons';
import type { Grouping } from '../model/filter';
import type { Need } from '../model/order';
import type { Status } from '../model/row';
import { COLUMNS } from './columns';
import styles from './Grid.module.css';

interface Props {
  heading: string;
  count: number;
  isOpen: boolean;
  grouping: Grouping;
  index: number;
  top: number;
  isActive: boolean;
  onFocus: (index: number) => void;
  onToggle: (heading: string) => void;
}

/** The line above a group; pressing it hides or shows its students. */
export const HeadingRow = memo(function HeadingRow(props: Props) {
  const t = useTranslations('board');
  const Sign = props.isOpen ? IconDown : IconChevron;
  const name = useHeading(props.heading, props.grouping);
  return (
    <div
      aria-rowindex={props.index + 2}
      className={`${styles.row} ${styles.heading}`}
      data-index={props.index}
      onFocus={() => props.onFocus(props.index)}
      role="row"
      style={{ transform: `translateY(${props.top}px)` }}
      tabIndex={props.isActive ? 0 : -1}
    >
      <span aria-colspan={COLUMNS.length} className={styles.wide} role="gridcell">
        <button
          aria-expanded={props.isOpen}
          className={styles.toggle}
          onClick={() => props.onToggle(props.heading)}
          tabIndex={-1}
          type="button"
        >
          <Sign />
          <bdi>{name}</bdi>
          <span className={styles.quiet}>{t('row.in_group', { count: props.count })}</span>
        </button>
      </span>
    </div>
  );
});

function useHeading(heading: string, grouping: Grouping): string {
  const t = useTranslations('board');
  const ui = useTranslations('ui');
  if (grouping === 'need') return t(`need.${heading as Need}`);
  if (grouping === 'status') return ui(`status.${heading as Status}`);
  return heading || t('row.no_center');
}
