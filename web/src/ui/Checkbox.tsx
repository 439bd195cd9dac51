import type { ReactNode } from 'react';
import {
  Checkbox as AriaCheckbox,
  type CheckboxProps as AriaCheckboxProps,
} from 'react-aria-components/Checkbox';
import styles from './Choice.module.css';
import { IconCheck } from './icons';

export interface CheckboxProps
  extends Omit<AriaCheckboxProps, 'className' | 'style' | 'children' | 'render'> {
  size?: 'dense' | 'normal' | 'large';
  children?: ReactNode;
}

/** Yes or no, sent with its form; `large` is a whole row to hit, for the exam room. */
export function Checkbox({ size = 'normal', children, ...rest }: CheckboxProps) {
  return (
    <AriaCheckbox {...rest} className={`${styles.choice} ${styles[size]}`}>
      {({ isIndeterminate }) => (
        <>
          <span className={styles.box}>
            {isIndeterminate ? <span className={styles.dash} /> : <IconCheck />}
          </span>
          {children !== undefined && <span className={styles.words}>{children}</span>}
        </>
      )}
    </AriaCheckbox>
  );
}
