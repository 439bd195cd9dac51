import { Badge, StatusBadge } from '../../../ui/Badge';
import {
  IconChat,
  IconClock,
  IconHand,
  IconLock,
  IconOffline,
  IconOnline,
  IconPause,
  IconStop,
  IconWarning,
} from '../../../ui/icons';
import { clock } from '../../../ui/times';
import type { LiveAction } from '../model/attention';
import type { Student } from '../model/board';
import type { Ending, Row } from '../model/row';
import { useSecond } from '../ticks';
import styles from './cells.module.css';
import type { RowWords } from './words';

interface Cell {
  row: Row;
  words: RowWords;
}

/** What a student asks for, and where his attempt stands when it does not simply go on. */
export function State({ row, words }: Cell) {
  const t = words.row;
  const isAtTheDoor = row.is_waiting_for_authorisation && row.is_online;
  const isPlain = row.status === 'in_progress' && row.paused_at === null;
  return (
    <span className={styles.badges}>
      {row.hand_raised_at && (
        <Badge icon={IconHand} tone="accent">
          {t('hand')} <Since at={row.hand_raised_at} words={words} />
        </Badge>
      )}
      {row.unread_message_count > 0 && (
        <Badge icon={IconChat} tone="accent">
          {t('unread', { count: row.unread_message_count })}
        </Badge>
      )}
      {isAtTheDoor && (
        <Badge icon={IconLock} tone="accent">
          {t('door')}
        </Badge>
      )}
      {row.paused_at && (
        <Badge icon={IconPause} tone="warning">
          {t('paused')}
        </Badge>
      )}
      {!isPlain && !row.paused_at && !isAtTheDoor && <StatusBadge status={row.status} />}
    </span>
  );
}

/** Connected or not, since when; resting the pointer on it says why not. */
export function Presence({ row, words }: Cell) {
  const t = words.board;
  const why = row.connection === 'online' ? undefined : whyNot(row);
  const Sign = row.connection === 'offline' ? IconOffline : IconOnline;
  const isOver = row.status !== 'in_progress' && row.connection === 'offline';
  return (
    <span
      className={`${styles.sign} ${isOver ? styles.quiet : styles[row.connection]}`}
      title={why && t('row.why', { reason: why.reason, code: why.code })}
    >
      <Sign />
      <span className={styles.stack}>
        <span>{t(`connection.${row.connection}`)}</span>
        {row.connection_since && (
          <span className={styles.quiet}>
            <Since at={row.connection_since} words={words} />
          </span>
        )}
        {why && <span className="visually-hidden">{why.reason}</span>}
      </span>
    </span>
  );
}

/** Of how the last socket ended and how the last one was refused, what was later. */
function whyNot({ last_close: close, last_refusal: refusal }: Row): Ending | undefined {
  if (!close || !refusal) return close ?? refusal ?? undefined;
  return Date.parse(close.at) > Date.parse(refusal.at) ? close : refusal;
}

/** For how long, counted on with one timer for all rows. */
export function Since({ at, words }: { at: string; words: RowWords }) {
  const seconds = Math.max(0, useSecond() - Math.floor(Date.parse(at) / 1000));
  const rounded = seconds < 60 ? seconds : seconds - (seconds % 60);
  return <span className={styles.figure}>{words.length(rounded)}</span>;
}

/** The time that is left, and until when. */
export function TimeLeft({ row, words }: Cell) {
  const { format } = words;
  if (!row.deadline_at || row.status !== 'in_progress') return null;
  const deadline = new Date(row.deadline_at);
  return (
    <span className={styles.stack}>
      {row.paused_at ? (
        <Still row={row} words={words} />
      ) : (
        <Left deadline={deadline} words={words} />
      )}
      <span className={styles.quiet}>{format.dateTime(deadline, { timeStyle: 'short' })}</span>
    </span>
  );
}

function Left({ deadline, words }: { deadline: Date; words: RowWords }) {
  const t = words.row;
  const left = Math.floor(deadline.getTime() / 1000) - useSecond();
  if (left <= 0) return <strong className={styles.offline}>{t('time_over')}</strong>;
  return <span className={left < 300 ? styles.soon : styles.figure}>{clock(left)}</span>;
}

function Still({ row, words }: Cell) {
  const t = words.row;
  const left = Date.parse(row.deadline_at ?? '') - Date.parse(row.paused_at ?? '');
  return (
    <span className={styles.figure} title={t('stands_still')}>
      {clock(Math.max(0, left / 1000))} <IconPause />
    </span>
  );
}

/** How many events of each severity there were. */
export function Counts({ row, words }: Cell) {
  const { ui: t, format } = words;
  const { warning, violation } = row.counts;
  return (
    <span className={styles.counts}>
      {violation > 0 && (
        <span className={styles.offline} title={t('severityCount.violation', { count: violation })}>
          <IconStop /> {format.number(violation)}
        </span>
      )}
      {warning > 0 && (
        <span className={styles.degraded} title={t('severityCount.warning', { count: warning })}>
          <IconWarning /> {format.number(warning)}
        </span>
      )}
    </span>
  );
}

/** The score that tells where to look; 0 to 100. */
export function Risk({ score, words }: { score: number; words: RowWords }) {
  const { format } = words;
  if (score === 0) return <span className={styles.quiet}>{format.number(0)}</span>;
  const look = score >= 50 ? styles.high : score >= 25 ? styles.medium : styles.low;
  return <span className={`${styles.risk} ${look}`}>{format.number(score)}</span>;
}

/** What happened last, and how long ago. */
export function LastEvent({ row, words }: Cell) {
  const t = words.event;
  const last = row.last_event;
  if (!last) return null;
  const type = last.event_type as Parameters<typeof t.has>[0];
  return (
    <span className={styles.stack}>
      <span className={styles.clipped}>
        {t.has(type) ? t(type) : last.event_type.replaceAll('_', ' ')}
      </span>
      <span className={styles.quiet}>
        <Since at={last.received_at} words={words} />
      </span>
    </span>
  );
}

/** What the student's client has not shown him yet: extra time, a warning, a message. */
export function Unseen({ student: { live, row }, words }: { student: Student; words: RowWords }) {
  const t = words.row;
  if (live.length === 0) {
    return row.live_action_count > 0 ? (
      <span className={styles.degraded}>{t('unseen', { count: row.live_action_count })}</span>
    ) : null;
  }
  const [first, ...others] = byWeight(live);
  return (
    <span className={styles.badges}>
      {first && (
        <Badge icon={IconClock} tone="warning">
          {unseenWords(first, words)}
        </Badge>
      )}
      {others.length > 0 && (
        <span
          className={styles.rest}
          title={others.map((each) => unseenWords(each, words)).join(', ')}
        >
          +{words.format.number(others.length)}
        </span>
      )}
    </span>
  );
}

/** Extra time first: a column has room for one badge, and that is what must not be overlooked. */
function byWeight(live: readonly LiveAction[]): readonly LiveAction[] {
  const isTime = (action: LiveAction) => action.action === 'extend';
  return [...live.filter(isTime), ...live.filter((action) => !isTime(action))];
}

function unseenWords(action: LiveAction, { board, row, length }: RowWords): string {
  if (action.action === 'extend') {
    return row('unseen_time', { length: length(action.seconds ?? 0) });
  }
  const name = `kind.${action.action}` as 'kind.message';
  return board.has(name) ? board(name) : action.action;
}
