import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import styles from './Badge.module.css';
import {
  type Icon,
  IconCheck,
  IconClock,
  IconClose,
  IconInfo,
  IconOffline,
  IconOnline,
  IconPlay,
  IconStop,
  IconWarning,
} from './icons';

export type Tone = 'plain' | 'accent' | 'good' | 'warning' | 'bad';

/** A word of state with its sign; the colour repeats what both say already. */
export function Badge({
  tone = 'plain',
  icon: Sign,
  children,
}: {
  tone?: Tone;
  icon?: Icon;
  children: ReactNode;
}) {
  return (
    <span className={`${styles.badge} ${styles[tone]}`}>
      {Sign && <Sign />}
      <span>{children}</span>
    </span>
  );
}

export type Severity = 'info' | 'warning' | 'violation';

const SEVERITIES: Record<Severity, [Tone, Icon]> = {
  info: ['plain', IconInfo],
  warning: ['warning', IconWarning],
  violation: ['bad', IconStop],
};

/** How grave an event is; with `count` how many of them. */
export function SeverityBadge({ severity, count }: { severity: Severity; count?: number }) {
  const t = useTranslations('ui');
  const [tone, icon] = SEVERITIES[severity];
  return (
    <Badge icon={icon} tone={tone}>
      {count === undefined ? t(`severity.${severity}`) : t(`severityCount.${severity}`, { count })}
    </Badge>
  );
}

export type AttemptStatus =
  | 'not_started'
  | 'in_progress'
  | 'submitted'
  | 'graded'
  | 'expired'
  | 'cancelled';

const STATUSES: Record<AttemptStatus, [Tone, Icon]> = {
  not_started: ['plain', IconClock],
  in_progress: ['accent', IconPlay],
  submitted: ['good', IconCheck],
  graded: ['good', IconCheck],
  expired: ['warning', IconClock],
  cancelled: ['bad', IconClose],
};

/** Where an attempt stands. */
export function StatusBadge({ status }: { status: AttemptStatus }) {
  const t = useTranslations('ui');
  const [tone, icon] = STATUSES[status];
  return (
    <Badge icon={icon} tone={tone}>
      {t(`status.${status}`)}
    </Badge>
  );
}

/** Whether a person's page is connected; `since` is shown as it is given (a time, a length). */
export function PresenceBadge({ isOnline, since }: { isOnline: boolean; since?: ReactNode }) {
  const t = useTranslations('ui');
  return (
    <Badge icon={isOnline ? IconOnline : IconOffline} tone={isOnline ? 'good' : 'warning'}>
      {t(isOnline ? 'presence.online' : 'presence.offline')} {since}
    </Badge>
  );
}
