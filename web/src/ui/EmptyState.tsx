import type { ReactNode } from 'react';
import styles from './EmptyState.module.css';
import type { Icon } from './icons';

/** Nothing here yet: says why and offers the first step. */
export function EmptyState({
  icon: Sign,
  title,
  children,
  actions,
}: {
  icon?: Icon;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {Sign && (
        <span className={styles.sign}>
          <Sign />
        </span>
      )}
      <p className={styles.title}>{title}</p>
      {children && <div className={styles.words}>{children}</div>}
      {actions}
    </div>
  );
}
