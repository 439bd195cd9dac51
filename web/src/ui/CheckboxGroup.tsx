import type { ReactNode } from 'react';
import {
  CheckboxGroup as AriaCheckboxGroup,
  type CheckboxGroupProps as AriaCheckboxGroupProps,
} from 'react-aria-components/CheckboxGroup';
import styles from './Choice.module.css';
import { FieldLabel, FieldNotes, type FieldProps, fieldClass } from './Field';

export interface CheckboxGroupProps
  extends FieldProps,
    Omit<
      AriaCheckboxGroupProps,
      'className' | 'style' | 'children' | 'render' | 'isInvalid' | 'value'
    > {
  value: readonly string[];
  children: ReactNode;
}

/** Any of a few, all of them seen at once; holds `Checkbox`es with a `value`. */
export function CheckboxGroup(props: CheckboxGroupProps) {
  const { label, isLabelHidden, isOptional, hint, error, size, children, value, ...aria } = props;
  return (
    <AriaCheckboxGroup
      {...aria}
      className={fieldClass(size)}
      isInvalid={Boolean(error)}
      validationBehavior="aria"
      value={[...value]}
    >
      <FieldLabel isLabelHidden={isLabelHidden} isOptional={isOptional} label={label} />
      <div className={styles.beside}>{children}</div>
      <FieldNotes error={error} hint={hint} />
    </AriaCheckboxGroup>
  );
}
