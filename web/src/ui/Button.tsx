import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
} from 'react-aria-components/Button';
import styles from './Button.module.css';
import { Spinner } from './Spinner';

export type ButtonLook = 'primary' | 'normal' | 'quiet' | 'danger';

export interface ButtonProps
  extends Omit<AriaButtonProps, 'className' | 'style' | 'children' | 'render'> {
  /** One `primary` a page; `quiet` has no frame; `danger` ends or deletes something. */
  look?: ButtonLook;
  /** `dense` (28 px) for boards and tables, `large` for the exam room; else 44 px. */
  size?: 'dense' | 'normal' | 'large';
  children: ReactNode;
}

/** A button; while `isPending` it keeps its focus and its width, shows a spinner and ignores presses. */
export function Button({ look = 'normal', size = 'normal', children, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={`${styles.button} ${styles[look]} ${styles[size]}`}>
      {({ isPending }) => (
        <>
          <span className={styles.content}>{children}</span>
          {isPending && (
            <span className={styles.pending}>
              <Spinner />
            </span>
          )}
        </>
      )}
    </AriaButton>
  );
}
