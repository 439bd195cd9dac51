import type { ReactNode } from 'react';
import styles from './Disclosure.module.css';
import { IconChevron } from './icons';

/** Something that most do not need: closed until it is asked for. The browser's own element. */
export function Disclosure({
  summary,
  isOpen = false,
  onToggle,
  children,
}: {
  summary: ReactNode;
  isOpen?: boolean;
  onToggle?: (isOpen: boolean) => void;
  children: ReactNode;
}) {
  return (
    <details
      className={styles.details}
      onToggle={(event) => onToggle?.(event.currentTarget.open)}
      open={isOpen}
    >
      <summary className={styles.summary}>
        <span className={styles.sign}>
          <IconChevron />
        </span>
        {summary}
      </summary>
      <div className={styles.content}>{children}</div>
    </details>
  );
}
