import { type InputHTMLAttributes, useId } from 'react';
import styles from './Field.module.css';

export interface FieldProps
  extends Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'style' | 'id' | 'onChange'> {
  label: string;
  hint?: string;
  error?: string | undefined;
  onChange: (text: string) => void;
}

/** A line to type into, with its label above and what is wrong below it. */
export function Field({ label, hint, error, onChange, ...input }: FieldProps) {
  const id = useId();
  const notes = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      {hint && (
        <p className={styles.hint} id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <input
        {...input}
        aria-describedby={notes || undefined}
        aria-invalid={error !== undefined || undefined}
        className={styles.input}
        id={id}
        onChange={(event) => onChange(event.target.value)}
      />
      {error && (
        <p className={styles.error} id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
