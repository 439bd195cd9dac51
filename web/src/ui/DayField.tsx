import { withSlashes } from './dates';
import { TextField, type TextFieldProps } from './TextField';

/** A day as text `DD/MM/YYYY`; the slashes come by themselves. `isoDay` of `dates.ts` checks it. */
export function DayField({
  value,
  onChange,
  ...rest
}: TextFieldProps & { value: string; onChange: (value: string) => void }) {
  return (
    <TextField
      {...rest}
      inputMode="numeric"
      onChange={(typed) => onChange(withSlashes(typed, value))}
      value={value}
    />
  );
}
