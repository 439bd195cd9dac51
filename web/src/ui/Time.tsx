import { useFormatter, useNow, useTranslations } from 'use-intl';
import { clock, lengthOf } from './times';

const MINUTE_MS = 60_000;

/** Seconds as a running clock, `1:05:09`; screen readers hear the length in words. */
export function Clock({ seconds }: { seconds: number }) {
  const words = useDuration();
  return (
    <span role="timer">
      <span aria-hidden="true">{clock(seconds)}</span>
      <span className="visually-hidden">{words(seconds)}</span>
    </span>
  );
}

/** A length in words: `1 h 5 min`; seconds only below ten minutes. */
export function Duration({ seconds }: { seconds: number }) {
  return <>{useDuration()(seconds)}</>;
}

/** The function behind `Duration`, for labels. */
export function useDuration(): (seconds: number) => string {
  const t = useTranslations('ui');
  return (given) => {
    const { hours, minutes, seconds } = lengthOf(given);
    const parts = [
      hours > 0 && t('hours', { count: hours }),
      minutes > 0 && t('minutes', { count: minutes }),
      given < 600 && (seconds > 0 || given < 1) && t('seconds', { count: seconds }),
    ];
    return parts.filter(Boolean).join(' ');
  };
}

/** "3 minutes ago", kept up to date; hovering shows the instant. `now`: the server's time where it matters. */
export function RelativeTime({ at, now }: { at: string | Date; now?: Date }) {
  const format = useFormatter();
  const own = useNow({ updateInterval: MINUTE_MS });
  const instant = new Date(at);
  return (
    <time dateTime={instant.toISOString()} title={format.dateTime(instant, FULL)}>
      {format.relativeTime(instant, now ?? own)}
    </time>
  );
}

/** An instant in the reader's time zone; `zoned` names the zone. */
export function Instant({
  at,
  look = 'normal',
}: {
  at: string | Date;
  look?: 'normal' | 'time' | 'zoned';
}) {
  const format = useFormatter();
  const instant = new Date(at);
  return <time dateTime={instant.toISOString()}>{format.dateTime(instant, LOOKS[look])}</time>;
}

const FULL = { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' } as const;
const LOOKS = {
  normal: { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' },
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  zoned: {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  },
} as const;
