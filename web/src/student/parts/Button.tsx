import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Spinner } from '../../ui/Spinner';
import styles from './Button.module.css';

export interface ButtonProps
  extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'style'> {
  look?: 'primary' | 'normal' | 'quiet' | 'danger';
  /** It works: the button keeps its focus and its width and takes no press. */
  isPending?: boolean;
  /** Held down, as with a flag or a raised hand. */
  isOn?: boolean;
  children: ReactNode;
}

/**
 * The student's button. The browser's own element: the exam room has to be small enough for a slow line,
 * so its controls come without a library.
 */
export function Button(props: ButtonProps) {
  const { look = 'normal', isPending = false, isOn, children, onClick, ...rest } = props;
  return (
    <button
      type="button"
      {...rest}
      aria-busy={isPending || undefined}
      aria-pressed={isOn}
      className={`${styles.button} ${styles[look]}`}
      onClick={isPending ? undefined : onClick}
    >
      <span className={styles.content}>{children}</span>
      {isPending && (
        <span className={styles.pending}>
          <Spinner />
        </span>
      )}
    </button>
  );
}
