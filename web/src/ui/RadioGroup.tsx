import type { ReactNode } from 'react';
import {
  Radio as AriaRadio,
  RadioGroup as AriaRadioGroup,
  type RadioGroupProps as AriaRadioGroupProps,
} from 'react-aria-components/RadioGroup';
import styles from './Choice.module.css';
import { FieldLabel, FieldNotes, type FieldProps, fieldClass } from './Field';

export interface RadioGroupProps
  extends FieldProps,
    Omit<AriaRadioGroupProps, 'className' | 'style' | 'children' | 'render' | 'isInvalid'> {
  children: ReactNode;
}

/** One of a few, all of them seen at once; holds `Radio`s. Arrow keys move, as everywhere. */
export function RadioGroup(props: RadioGroupProps) {
  const { label, isLabelHidden, isOptional, hint, error, size, children, ...aria } = props;
  return (
    <AriaRadioGroup
      {...aria}
      className={fieldClass(size)}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
    >
      <FieldLabel isLabelHidden={isLabelHidden} isOptional={isOptional} label={label} />
      <div className={aria.orientation === 'horizontal' ? styles.beside : styles.below}>
        {children}
      </div>
      <FieldNotes error={error} hint={hint} />
    </AriaRadioGroup>
  );
}

/** One choice of a `RadioGroup`; `large` is a whole row to hit, for the exam room. */
export function Radio({
  value,
  size = 'normal',
  isDisabled = false,
  children,
}: {
  value: string;
  size?: 'dense' | 'normal' | 'large';
  isDisabled?: boolean;
  children: ReactNode;
}) {
  return (
    <AriaRadio className={`${styles.choice} ${styles[size]}`} isDisabled={isDisabled} value={value}>
      <span className={`${styles.box} ${styles.round}`}>
        <span className={styles.dot} />
      </span>
      <span className={styles.words}>{children}</span>
    </AriaRadio>
  );
}
