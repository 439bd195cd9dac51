import { Input } from 'react-aria-components/Input';
import { TextArea as AriaTextArea } from 'react-aria-components/TextArea';
import {
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from 'react-aria-components/TextField';
import { FieldLabel, FieldNotes, type FieldProps, fieldClass } from './Field';
import styles from './Field.module.css';

export interface TextFieldProps
  extends FieldProps,
    Omit<AriaTextFieldProps, 'className' | 'style' | 'children' | 'render' | 'isInvalid'> {
  placeholder?: string;
}

/** One line of text; `type` as of an `<input>`. */
export function TextField({ placeholder, ...props }: TextFieldProps) {
  return (
    <AriaTextField {...ariaOf(props)}>
      <FieldLabel {...props} />
      <Input className={`${styles.input}`} {...(placeholder ? { placeholder } : {})} />
      <FieldNotes error={props.error} hint={props.hint} />
    </AriaTextField>
  );
}

/** Several lines of text; grows with them where the browser can. */
export function TextArea({ rows = 3, ...props }: TextFieldProps & { rows?: number }) {
  return (
    <AriaTextField {...ariaOf(props)}>
      <FieldLabel {...props} />
      <AriaTextArea className={`${styles.input} ${styles.area}`} rows={rows} />
      <FieldNotes error={props.error} hint={props.hint} />
    </AriaTextField>
  );
}

function ariaOf(props: TextFieldProps): AriaTextFieldProps {
  const { label, isLabelHidden, isOptional, hint, error, size, placeholder, ...aria } = props;
  return {
    ...aria,
    className: fieldClass(size),
    isInvalid: Boolean(error),
    validationBehavior: 'aria',
  };
}
