import { useId } from 'react';
import { ErrorWords, type FieldProps, fieldClass, LabelWords } from './Field';
import styles from './Field.module.css';
import { IconDown } from './icons';

export interface SelectProps<Value extends string> extends FieldProps {
  value: Value;
  onChange: (value: Value) => void;
  options: readonly { value: Value; label: string; isDisabled?: boolean }[];
  isDisabled?: boolean;
  isRequired?: boolean;
  name?: string;
}

/** One of a few; the browser's own list, which every keyboard, phone and screen reader knows. */
export function Select<Value extends string>(props: SelectProps<Value>) {
  const { label, isLabelHidden, isOptional, hint, error, size, options } = props;
  const id = useId();
  return (
    <div className={fieldClass(size)}>
      <label className={isLabelHidden ? 'visually-hidden' : styles.label} htmlFor={id}>
        <LabelWords isOptional={isOptional} label={label} />
      </label>
      <span className={styles.choice}>
        <select
          aria-describedby={`${id}-notes`}
          aria-invalid={Boolean(error)}
          className={`${styles.input} ${styles.select}`}
          disabled={props.isDisabled}
          id={id}
          name={props.name}
          onChange={(event) => props.onChange(event.target.value as Value)}
          required={props.isRequired}
          value={props.value}
        >
          {options.map((option) => (
            <option disabled={option.isDisabled} key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <span className={styles.arrow}>
          <IconDown />
        </span>
      </span>
      {(hint || error) && (
        <span id={`${id}-notes`}>
          {hint && <span className={styles.hint}>{hint}</span>}
          {error && (
            <span className={styles.error}>
              <ErrorWords error={error} />
            </span>
          )}
        </span>
      )}
    </div>
  );
}
