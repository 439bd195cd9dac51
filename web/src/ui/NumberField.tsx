import { Group } from 'react-aria-components/Group';
import { Input } from 'react-aria-components/Input';
import {
  NumberField as AriaNumberField,
  type NumberFieldProps as AriaNumberFieldProps,
} from 'react-aria-components/NumberField';
import { FieldLabel, FieldNotes, type FieldProps, fieldClass } from './Field';
import styles from './Field.module.css';

export interface NumberFieldProps
  extends FieldProps,
    Omit<
      AriaNumberFieldProps,
      'className' | 'style' | 'children' | 'render' | 'isInvalid' | 'value' | 'onChange'
    > {
  /** null = empty. */
  value: number | null;
  onChange: (value: number | null) => void;
}

/** A number as people of the language write it; arrow keys step, the wheel does not. */
export function NumberField(props: NumberFieldProps) {
  const { label, isLabelHidden, isOptional, hint, error, size, value, onChange, ...aria } = props;
  return (
    <AriaNumberField
      {...aria}
      className={fieldClass(size)}
      isInvalid={Boolean(error)}
      isWheelDisabled
      onChange={(next) => onChange(Number.isNaN(next) ? null : next)}
      validationBehavior="aria"
      value={value ?? Number.NaN}
    >
      <FieldLabel isLabelHidden={isLabelHidden} isOptional={isOptional} label={label} />
      <Group>
        <Input className={`${styles.input}`} />
      </Group>
      <FieldNotes error={error} hint={hint} />
    </AriaNumberField>
  );
}
