import { Button as AriaButton } from 'react-aria-components/Button';
import { type ButtonProps, resting, usePendingSaid } from './Button';
import styles from './Button.module.css';
import type { Icon } from './icons';
import { Spinner } from './Spinner';

export interface IconButtonProps extends Omit<ButtonProps, 'children' | 'aria-label'> {
  /** What it does, in words: it is read aloud and shown when the pointer rests on it. */
  label: string;
  icon: Icon;
}

/** A square button that shows a picture only. */
export function IconButton({
  label,
  icon: Picture,
  look = 'quiet',
  size = 'normal',
  isPending = false,
  ...rest
}: IconButtonProps) {
  usePendingSaid(isPending);
  return (
    <span className={styles.hint} title={label}>
      <AriaButton
        {...(isPending ? resting(rest) : rest)}
        aria-label={label}
        className={`${styles.button} ${styles[look]} ${styles[size]} ${styles.icon}`}
      >
        {isPending ? <Spinner /> : <Picture />}
      </AriaButton>
    </span>
  );
}
