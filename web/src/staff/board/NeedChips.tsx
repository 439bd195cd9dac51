import { useFormatter, useTranslations } from 'use-intl';
import {
  type Icon,
  IconCheck,
  IconClock,
  IconHand,
  IconOffline,
  IconPlay,
  IconStop,
  IconWarning,
} from '../../ui/icons';
import { NEEDS, type Need } from './model/order';
import styles from './NeedChips.module.css';
import type { BoardStore } from './store';
import { useLines } from './useBoard';

export const NEED_ICONS: Readonly<Record<Need, Icon>> = {
  waits: IconHand,
  violation: IconStop,
  lost: IconOffline,
  warning: IconWarning,
  works: IconPlay,
  not_started: IconClock,
  over: IconCheck,
};

/** How many students need what; a press shows only those, another one everybody again. */
export function NeedChips({ store }: { store: BoardStore }) {
  const t = useTranslations('board');
  const format = useFormatter();
  const { needs, filter, grouping } = useLines(store);
  return (
    <fieldset className={styles.chips}>
      <legend className="visually-hidden">{t('needs')}</legend>
      {NEEDS.map((need) => {
        const Sign = NEED_ICONS[need];
        const isChosen = filter.need === need;
        const { need: _, ...others } = filter;
        return (
          <button
            aria-pressed={isChosen}
            className={`${styles.chip} ${needs[need] > 0 ? styles[need] : ''}`}
            key={need}
            onClick={() => store.choose(isChosen ? others : { ...others, need }, grouping)}
            type="button"
          >
            <Sign />
            <span className={styles.count}>{format.number(needs[need])}</span>
            <span>{t(`need.${need}`)}</span>
          </button>
        );
      })}
    </fieldset>
  );
}
