import { useId } from 'react';
import { useTranslations } from 'use-intl';
import { ErrorWords, type FieldProps, fieldClass, LabelWords } from './Field';
import styles from './Field.module.css';

/** One file of this device; the browser's own button. */
export function FileField({
  accept,
  onChange,
  ...field
}: FieldProps & {
  /** As of an `<input>`: `.csv,text/csv`. */
  accept: string;
  onChange: (file: File | undefined) => void;
}) {
  const t = useTranslations('ui');
  const id = useId();
  return (
    <div className={fieldClass(field.size)}>
      <label className={styles.label} htmlFor={id}>
        <LabelWords isOptional={field.isOptional} label={field.label} />
      </label>
      <input
        accept={accept}
        aria-describedby={`${id}-notes`}
        aria-invalid={Boolean(field.error)}
        className={`${styles.input} ${styles.file}`}
        id={id}
        onChange={(event) => onChange(event.target.files?.[0])}
        title={t('chooseFile')}
        type="file"
      />
      <span id={`${id}-notes`}>
        {field.hint && <span className={styles.hint}>{field.hint}</span>}
        {field.error && (
          <span className={styles.error}>
            <ErrorWords error={field.error} />
          </span>
        )}
      </span>
    </div>
  );
}
