import { useEffect, useRef } from 'react';
import { useTranslations } from 'use-intl';
import { announce } from '../../../ui/announce';
import { EmptyState } from '../../../ui/EmptyState';
import { IconButton } from '../../../ui/IconButton';
import { IconDown, IconTrash, IconUp } from '../../../ui/icons';
import { NumberField } from '../../../ui/NumberField';
import { shortened } from '../banks/Bank';
import type { Kind } from '../questions/draft';
import styles from './ExamQuestions.module.css';
import { moved, type Picked } from './picking';

export interface PickedListProps {
  picked: readonly Picked[];
  onChange: (picked: readonly Picked[]) => void;
}

/** The exam's questions in order; buttons move them, the focus goes along and the new place is said. */
export function PickedList({ picked, onChange }: PickedListProps) {
  const t = useTranslations('admin');
  const { list, follow } = useFollowingFocus(picked);
  const move = (from: number, to: number, deed: 'up' | 'down') => {
    const one = picked[from];
    if (!one || to < 0 || to >= picked.length) return;
    follow(one.id, deed);
    onChange(moved(picked, from, to));
    announce(t('picking.moved', { place: to + 1, total: picked.length }));
  };
  if (picked.length === 0) return <EmptyState title={t('picking.none')} />;
  return (
    <ol className={styles.list} ref={list}>
      {picked.map((one, index) => (
        <Item
          index={index}
          key={one.id}
          last={picked.length - 1}
          onChange={(changed) => onChange(picked.with(index, changed))}
          onMove={(to, deed) => move(index, to, deed)}
          onRemove={() => onChange(picked.toSpliced(index, 1))}
          one={one}
        />
      ))}
    </ol>
  );
}

interface ItemProps {
  one: Picked;
  index: number;
  last: number;
  onChange: (one: Picked) => void;
  onMove: (to: number, deed: 'up' | 'down') => void;
  onRemove: () => void;
}

function Item({ one, index, last, onChange, onMove, onRemove }: ItemProps) {
  const t = useTranslations('admin');
  const number = index + 1;
  return (
    <li className={styles.item}>
      <span className={styles.number}>{number}</span>
      <span className={styles.text}>
        {shortened(one.text)}
        <span className={styles.kind}>{t(`kinds.${one.kind as Kind}`)}</span>
      </span>
      <NumberField
        isLabelHidden
        label={t('picking.marksOf', { number })}
        minValue={0}
        onChange={(marks) => onChange({ ...one, marks: marks === one.ownMarks ? null : marks })}
        size="dense"
        step={0.25}
        value={one.marks ?? one.ownMarks}
      />
      <span className={styles.deeds} data-question={one.id}>
        <IconButton
          data-deed="up"
          icon={IconUp}
          isDisabled={index === 0}
          label={t('picking.up', { number })}
          onPress={() => onMove(index - 1, 'up')}
          size="dense"
        />
        <IconButton
          data-deed="down"
          icon={IconDown}
          isDisabled={index === last}
          label={t('picking.down', { number })}
          onPress={() => onMove(index + 1, 'down')}
          size="dense"
        />
        <IconButton
          icon={IconTrash}
          label={t('picking.remove', { number })}
          onPress={onRemove}
          size="dense"
        />
      </span>
    </li>
  );
}

/** A moved row takes the focus along; at the ends, where its button is off, to the other one. */
function useFollowingFocus(picked: readonly Picked[]) {
  const list = useRef<HTMLOListElement>(null);
  const wanted = useRef<{ id: number; deed: 'up' | 'down' }>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the order is another one
  useEffect(() => {
    const { current } = wanted;
    if (!current) return;
    wanted.current = undefined;
    const buttons = list.current?.querySelectorAll<HTMLButtonElement>(
      `[data-question="${current.id}"] button:not(:disabled)`,
    );
    const same = [...(buttons ?? [])].find((button) => button.dataset.deed === current.deed);
    (same ?? buttons?.[0])?.focus();
  }, [picked]);
  const follow = (id: number, deed: 'up' | 'down') => {
    wanted.current = { id, deed };
  };
  return { list, follow };
}
