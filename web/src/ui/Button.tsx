import { type ReactNode, useEffect } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
} from 'react-aria-components/Button';
import { useTranslations } from 'use-intl';
import { announce } from './announce';
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
export function Button(props: ButtonProps) {
  const { look = 'normal', size = 'normal', isPending = false, children, ...rest } = props;
  usePendingSaid(isPending);
  return (
    <AriaButton
      {...(isPending ? resting(rest) : rest)}
      className={`${styles.button} ${styles[look]} ${styles[size]}`}
      data-pending={isPending || undefined}
    >
      <span className={styles.content}>{children}</span>
      {isPending && (
        <span className={styles.pending}>
          <Spinner />
        </span>
      )}
    </AriaButton>
  );
}

/**
 * What a button takes while it is pending. Not react-aria's own `isPending`: that has screen readers told
 * by a reference to the button, which is often gone with its page before they read it.
 */
export function resting<Props extends AriaButtonProps>(props: Props) {
  const { onPress, onPressStart, onPressEnd, onClick, ...rest } = props;
  return { ...rest, 'aria-disabled': true, type: 'button' as const };
}

/** Says once that something goes on. */
export function usePendingSaid(isPending: boolean): void {
  const t = useTranslations('ui');
  const busy = t('busy');
  useEffect(() => {
    if (isPending) announce(busy);
  }, [isPending, busy]);
}
