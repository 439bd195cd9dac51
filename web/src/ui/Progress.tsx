import styles from './Progress.module.css';

/** How much of something is done: `value` of `max`, with its label and words beside it. */
export function Progress({
  label,
  value,
  max,
  text,
}: {
  label: string;
  value: number;
  max: number;
  text?: string;
}) {
  return (
    <div className={styles.progress}>
      <span className={styles.words}>
        <span>{label}</span>
        <span>{text ?? `${value} / ${max}`}</span>
      </span>
      <progress aria-label={label} className={styles.bar} max={max} value={value} />
    </div>
  );
}
