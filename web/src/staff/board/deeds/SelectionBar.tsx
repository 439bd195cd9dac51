import { useTranslations } from 'use-intl';
import { Button } from '../../../ui/Button';
import type { Selection } from '../list/useSelection';
import type { BoardStore } from '../store';
import { useLines } from '../useBoard';
import styles from './deeds.module.css';
import { KINDS } from './kinds';
import type { Deeds } from './useDeeds';

interface Props {
  selection: Selection;
  deeds: Deeds;
  store: BoardStore;
}

/** What can be done to all who are selected. Always in its place, so that the list below never moves. */
export function SelectionBar({ selection, deeds, store }: Props) {
  const t = useTranslations('board');
  const { shown } = useLines(store);
  const ids = [...selection.ids];
  const isEmpty = ids.length === 0;
  return (
    <div
      aria-label={t('selection.title')}
      className={`${styles.bar} ${isEmpty ? '' : styles.chosen}`}
      role="toolbar"
    >
      <span aria-live="polite" className={styles.count}>
        {t('selection.count', { count: ids.length })}
      </span>
      {KINDS.map((kind) => (
        <Button
          isDisabled={isEmpty}
          key={kind}
          look={kind === 'terminate' ? 'danger' : 'normal'}
          onPress={() => deeds.start(kind, ids)}
          size="dense"
        >
          {t(`kind.${kind}`)}
        </Button>
      ))}
      <Button isDisabled={isEmpty} onPress={() => deeds.claim(ids)} size="dense">
        {t('claim.button')}
      </Button>
      <Button
        isDisabled={isEmpty}
        onPress={() => deeds.show({ name: 'hand_over', ids })}
        size="dense"
      >
        {t('hand_over.do')}
      </Button>
      <span className={styles.end}>
        <Button look="quiet" onPress={selection.all} size="dense">
          {t('selection.all', { count: shown })}
        </Button>
        <Button isDisabled={isEmpty} look="quiet" onPress={selection.clear} size="dense">
          {t('selection.clear')}
        </Button>
      </span>
    </div>
  );
}
