import type { ReactNode } from 'react';
import {
  Switch as AriaSwitch,
  type SwitchProps as AriaSwitchProps,
} from 'react-aria-components/Switch';
import styles from './Choice.module.css';

export interface SwitchProps
  extends Omit<AriaSwitchProps, 'className' | 'style' | 'children' | 'render'> {
  size?: 'dense' | 'normal';
  children: ReactNode;
}

/** On or off, at once (a choice that a form sends later is a `Checkbox`). */
export function Switch({ size = 'normal', children, ...rest }: SwitchProps) {
  return (
    <AriaSwitch {...rest} className={`${styles.choice} ${styles[size]}`}>
      <span className={styles.track}>
        <span className={styles.knob} />
      </span>
      <span className={styles.words}>{children}</span>
    </AriaSwitch>
  );
}
