import type { ReactNode } from 'react';
import { FieldError } from 'react-aria-components/FieldError';
import { Label } from 'react-aria-components/Label';
import { Text } from 'react-aria-components/Text';
import { useTranslations } from 'use-intl';
import styles from './Field.module.css';
import { IconStop } from './icons';

/** What every field of a form has. */
export interface FieldProps {
  label: string;
  /** Hidden from the eye only: where the place says it (a search box beside its button). */
  isLabelHidden?: boolean | undefined;
  /** Says so beside the label; fields that are needed are the rule and say nothing. */
  isOptional?: boolean | undefined;
  /** One quiet line below: the form that is expected, what it is for. */
  hint?: ReactNode;
  /** What is wrong with the value, in a whole sentence; shown below and read with the field. */
  error?: string | undefined;
  size?: 'normal' | 'dense' | undefined;
}

/** The class of a field's outer element. */
export function fieldClass(size: FieldProps['size']): string {
  return size === 'dense' ? `${styles.field} ${styles.dense}` : `${styles.field}`;
}

/** The label above a field of react-aria. */
export function FieldLabel({
  label,
  isLabelHidden,
  isOptional,
}: Pick<FieldProps, 'label' | 'isLabelHidden' | 'isOptional'>) {
  return (
    <Label className={isLabelHidden ? 'visually-hidden' : `${styles.label}`}>
      <LabelWords isOptional={isOptional} label={label} />
    </Label>
  );
}

/** A label's words, with the remark that the field may stay empty. */
export function LabelWords({
  label,
  isOptional,
}: {
  label: string;
  isOptional?: boolean | undefined;
}) {
  const t = useTranslations('ui');
  return (
    <>
      {label} {isOptional && <span className={styles.optional}>({t('optional')})</span>}
    </>
  );
}

/** Hint and error below a field of react-aria, tied to it. */
export function FieldNotes({ hint, error }: Pick<FieldProps, 'hint' | 'error'>) {
  return (
    <>
      {hint && (
        <Text className={`${styles.hint}`} slot="description">
          {hint}
        </Text>
      )}
      <FieldError className={`${styles.error}`}>{error && <ErrorWords error={error} />}</FieldError>
    </>
  );
}

/** An error's words with their sign. */
export function ErrorWords({ error }: { error: string }) {
  return (
    <>
      <IconStop />
      <span>{error}</span>
    </>
  );
}
