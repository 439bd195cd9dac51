import { useMemo } from 'react';
import { Menu, MenuItem } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { useTranslations } from 'use-intl';
import menu from '../../../ui/Menu.module.css';
import { fits, KINDS } from '../deeds/kinds';
import type { Deeds } from '../deeds/useDeeds';
import type { Row } from '../model/row';
import type { BoardStore } from '../store';
import type { Windows } from './Grid';

interface Props {
  id: number;
  /** The button that it hangs on. */
  button: HTMLElement;
  store: BoardStore;
  deeds: Deeds;
  windows: Windows;
  onClose: () => void;
}

/** What can be done to one student; one menu for all rows. */
export function RowMenu({ id, button, store, deeds, windows, onClose }: Props) {
  const t = useTranslations('board');
  const row = store.student(id)?.row;
  const choices = useChoices(row, deeds, windows);
  const trigger = useMemo(() => ({ current: button }), [button]);
  if (!row) return null;
  return (
    <Popover
      className={`${menu.popover}`}
      isOpen
      onOpenChange={onClose}
      placement="bottom end"
      triggerRef={trigger}
    >
      <Menu
        aria-label={t('row.more', { name: row.student_name })}
        autoFocus="first"
        className={`${menu.menu}`}
        onClose={onClose}
      >
        {choices.map(({ key, label, deed, isDanger }) => (
          <MenuItem
            className={`${menu.item} ${isDanger ? menu.danger : ''}`}
            id={key}
            key={key}
            onAction={deed}
            textValue={label}
          >
            {label}
          </MenuItem>
        ))}
      </Menu>
    </Popover>
  );
}

interface Choice {
  key: string;
  label: string;
  deed: () => void;
  isDanger?: boolean;
}

function useChoices(row: Row | undefined, deeds: Deeds, windows: Windows): Choice[] {
  const t = useTranslations('board');
  if (!row) return [];
  const id = row.attempt_id;
  const talk: Choice[] = [{ key: 'chat', label: t('chat.open'), deed: () => windows.chat(id) }];
  if (row.hand_raised_at) {
    talk.push({ key: 'hand', label: t('row.lower_hand'), deed: () => deeds.lowerHand(id) });
  }
  const kinds = KINDS.filter((kind) => fits(kind, row)).map((kind) => ({
    key: kind,
    label: t(`kind.${kind}`),
    deed: () => deeds.start(kind, [id]),
    isDanger: kind === 'terminate',
  }));
  return [...talk, ...claims(row, deeds, t), ...kinds];
}

function claims(row: Row, deeds: Deeds, t: ReturnType<typeof useTranslations<'board'>>): Choice[] {
  const id = row.attempt_id;
  if (row.claimed_by_id === null) {
    return [{ key: 'claim', label: t('claim.take'), deed: () => deeds.claim([id]) }];
  }
  if (row.claimed_by_id === deeds.user.id) {
    const handOver = () => deeds.show({ name: 'hand_over', ids: [id] });
    return [
      { key: 'release', label: t('claim.release'), deed: () => deeds.claim([id]) },
      { key: 'hand_over', label: t('hand_over.do'), deed: handOver },
    ];
  }
  const holder = row.claimed_by ?? String(row.claimed_by_id);
  const takeOver = () => deeds.show({ name: 'take_over', id, holder });
  return deeds.isChief ? [{ key: 'take_over', label: t('take_over.do'), deed: takeOver }] : [];
}
