import type { ReactNode } from 'react';
import styles from './Banner.module.css';
import { type Icon, IconCheck, IconInfo, IconOffline, IconStop, IconWarning } from './icons';

export type BannerTone = 'info' | 'good' | 'warning' | 'bad' | 'offline';

const ICONS: Record<BannerTone, Icon> = {
  info: IconInfo,
  good: IconCheck,
  warning: IconWarning,
  bad: IconStop,
  offline: IconOffline,
};

export interface BannerProps {
  tone: BannerTone;
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  /** Read aloud when it appears: `polite` waits for a pause, `assertive` interrupts. Default: not read. */
  live?: 'polite' | 'assertive';
}

/** A message in its place on the page, with a sign, so that colour never speaks alone. */
export function Banner({ tone, title, children, actions, live }: BannerProps) {
  const Sign = ICONS[tone];
  return (
    <div className={`${styles.banner} ${styles[tone]}`} role={live && ROLES[live]}>
      <span className={styles.sign}>
        <Sign />
      </span>
      <div className={styles.words}>
        {title && <p className={styles.title}>{title}</p>}
        {children && <div>{children}</div>}
      </div>
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

const ROLES = { polite: 'status', assertive: 'alert' } as const;
