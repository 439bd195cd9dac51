import type { ReactNode } from 'react';
import { Link as RouterLink } from 'wouter';
import buttons from './Button.module.css';
import styles from './Link.module.css';

export interface LinkProps {
  /** A path of the router (below its base), e.g. `/exams/5/board`. */
  to: string;
  /** Looks like text (the default) or like a button of this look. */
  look?: 'text' | 'primary' | 'normal' | 'quiet';
  /** For navigation: this is the page that is shown. */
  isCurrent?: boolean;
  children: ReactNode;
}

/** Goes to another of our pages without loading anew. */
export function Link({ to, look = 'text', isCurrent = false, children }: LinkProps) {
  const className =
    look === 'text' ? styles.link : `${buttons.button} ${buttons[look]} ${styles.button}`;
  return (
    <RouterLink aria-current={isCurrent ? 'page' : undefined} className={className} href={to}>
      {children}
    </RouterLink>
  );
}
