/**
 * What the exam's staff want a student to see: messages, warnings, extra time. Each waits until he says
 * that he has seen it; then the platform is told. Pure: frames and lists in, notices out.
 */

import type { AttemptFrame, Notification, Schemas } from '@oep/client';

/** What is told to the platform when a notice was seen. */
export interface Ack {
  of: 'action' | 'allowance';
  id: number;
}

export interface Notice {
  key: string;
  kind: 'message' | 'warning' | 'extra_time' | 'pause';
  /** The words of the staff; null when they said none. */
  text: string | null;
  /** The extra time. */
  seconds: number | null;
  acks: readonly Ack[];
}

/** What changes of the student's own sockets are told as notifications; they are no word of the staff. */
const OWN_TITLES = new Set(['Answer Saved', 'Question Flagged', 'Flag Removed']);

/** Returns the notice that a frame brings; undefined when it brings none. */
export function noticeOfFrame(frame: AttemptFrame): Notice | undefined {
  switch (frame.type) {
    case 'notification':
      return ofNotification(frame);
    case 'warning':
      return said('warning', frame.message, frame);
    case 'system_event':
      return ofEvent(frame.event, frame.data);
    default:
      return undefined;
  }
}

/** Returns the notices of actions that are live: those that nobody has acknowledged. */
export function noticesOfActions(actions: readonly Schemas['ActionOut'][]): Notice[] {
  return actions
    .filter(({ state }) => state === 'live')
    .map((action) => ofAction(action))
    .filter((notice) => notice !== undefined);
}

/** Returns the notices of extra time that was not acknowledged. */
export function noticesOfAllowances(allowances: readonly Schemas['AllowanceBody'][]): Notice[] {
  return allowances
    .filter(({ acknowledged_at }) => acknowledged_at === null)
    .map(({ id, seconds }) => extraTime(id, seconds));
}

/**
 * Returns the notices with one more. What is there already stays; extra time that is told twice, as an
 * allowance and as the proctor's action with his words, is one.
 */
export function added(notices: readonly Notice[], notice: Notice): readonly Notice[] {
  if (notices.some(({ key }) => key === notice.key)) return notices;
  const twin = notices.find((other) => isSameGrant(other, notice));
  if (!twin) return [...notices, notice];
  return notices.map((other) => (other === twin ? both(twin, notice) : other));
}

/** Returns the acknowledgement of an action that needs no reading: its effect is what is seen. */
export function silentAck(frame: AttemptFrame): Ack | undefined {
  if (frame.type !== 'system_event' || frame.event !== 'action_requested') return undefined;
  const { action, id } = frame.data;
  const isSilent = action === 'resume' || action === 'authorise';
  return isSilent && typeof id === 'number' ? { of: 'action', id } : undefined;
}

type Data = Readonly<Record<string, unknown>>;

function ofNotification(frame: Notification): Notice | undefined {
  // `reply` marks a line of the chat, which has a place of its own
  if (OWN_TITLES.has(frame.title) || frame.action === 'reply') return undefined;
  return said('message', frame.message, frame);
}

function said(kind: 'message' | 'warning', text: string, frame: Told): Notice {
  if (typeof frame.id === 'number') return action(kind, frame.id, text);
  return {
    key: `said-${frame.position?.sequence ?? frame.timestamp}`,
    kind,
    text,
    seconds: null,
    acks: [],
  };
}

interface Told {
  id?: number | undefined;
  position?: { sequence: number } | undefined;
  timestamp?: string | undefined;
}

function ofEvent(event: string, data: Data): Notice | undefined {
  if (event === 'allowance_granted') {
    const { allowance_id: id, seconds } = data;
    return typeof id === 'number' && typeof seconds === 'number'
      ? extraTime(id, seconds)
      : undefined;
  }
  if (event !== 'action_requested' || typeof data.id !== 'number') return undefined;
  return ofAction({
    id: data.id,
    action: String(data.action),
    text: typeof data.text === 'string' ? data.text : '',
    seconds: typeof data.seconds === 'number' ? data.seconds : null,
  });
}

function ofAction(asked: {
  id: number;
  action: string;
  text: string;
  seconds: number | null;
}): Notice | undefined {
  switch (asked.action) {
    case 'message':
      return action('message', asked.id, asked.text);
    case 'warn':
      return action('warning', asked.id, asked.text);
    case 'pause':
      return action('pause', asked.id, asked.text);
    case 'extend':
      return { ...action('extra_time', asked.id, asked.text), seconds: asked.seconds };
    default:
      return undefined;
  }
}

function action(kind: Notice['kind'], id: number, text: string): Notice {
  return { key: `action-${id}`, kind, text, seconds: null, acks: [{ of: 'action', id }] };
}

function extraTime(id: number, seconds: number): Notice {
  const acks = [{ of: 'allowance', id }] as const;
  return { key: `allowance-${id}`, kind: 'extra_time', text: null, seconds, acks };
}

function isSameGrant(one: Notice, other: Notice): boolean {
  if (one.kind !== 'extra_time' || other.kind !== 'extra_time') return false;
  const isOtherHalf = one.acks.length === 1 && one.acks[0]?.of !== other.acks[0]?.of;
  return isOtherHalf && one.seconds === other.seconds;
}

function both(one: Notice, other: Notice): Notice {
  return { ...one, text: one.text ?? other.text, acks: [...one.acks, ...other.acks] };
}
