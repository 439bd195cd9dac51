import type { FormEvent, ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../../ui/Button';
import { ProblemBox } from '../../ui/ProblemBox';
import styles from './Form.module.css';

export interface FormProps {
  onSubmit: () => void;
  /** What was thrown when it was sent. */
  problem?: unknown;
  /** Fields that show the service's messages themselves. */
  fields?: readonly string[];
  isPending: boolean;
  isDisabled?: boolean;
  submitLabel: string;
  onCancel?: () => void;
  children: ReactNode;
}

/** Fields, what the service says against them, and the button that sends them (Enter does too). */
export function Form(props: FormProps) {
  const t = useTranslations('ui');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!props.isPending && !props.isDisabled) props.onSubmit();
  };
  return (
    <form className={styles.form} noValidate onSubmit={submit}>
      {props.children}
      {props.problem ? (
        <ProblemBox problem={props.problem} shownFields={props.fields ?? []} />
      ) : null}
      <div className={styles.actions}>
        <Button
          isDisabled={props.isDisabled ?? false}
          isPending={props.isPending}
          look="primary"
          type="submit"
        >
          {props.submitLabel}
        </Button>
        {props.onCancel && <Button onPress={props.onCancel}>{t('cancel')}</Button>}
      </div>
    </form>
  );
}

/** Fields beside each other where there is room. */
export function Row({ children }: { children: ReactNode }) {
  return <div className={styles.row}>{children}</div>;
}
