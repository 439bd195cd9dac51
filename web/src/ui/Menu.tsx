import type { ReactNode } from 'react';
import { Menu as AriaMenu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import type { Icon } from './icons';
import styles from './Menu.module.css';

export interface MenuChoice {
  key: string;
  label: string;
  icon?: Icon;
  isDanger?: boolean;
  isDisabled?: boolean;
  onAction: () => void;
}

/** A button (`children`: a `Button` or `IconButton`'s inner button) that opens a list of deeds. */
export function Menu({
  label,
  children,
  choices,
}: {
  /** Names the list for screen readers. */
  label: string;
  children: ReactNode;
  choices: readonly MenuChoice[];
}) {
  return (
    <MenuTrigger>
      {children}
      <Popover className={`${styles.popover}`}>
        <AriaMenu aria-label={label} className={`${styles.menu}`}>
          {choices.map((choice) => (
            <MenuItem
              className={`${styles.item} ${choice.isDanger ? styles.danger : ''}`}
              id={choice.key}
              isDisabled={choice.isDisabled ?? false}
              key={choice.key}
              onAction={choice.onAction}
              textValue={choice.label}
            >
              {choice.icon && <choice.icon />}
              {choice.label}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
