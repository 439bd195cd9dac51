/**
 * What an open page knows of its attempt from moment to moment: the time, whether a proctor still has to
 * let the student in, what the staff said, the chat, the raised hand. Pure: each frame gives the next state.
 */

import type { AttemptFrame } from '@oep/client';
import { joined, type Line, lastOfStaff, lineOfFrame } from './lines';
import { NO_TIME, type Time, timeAfter } from './time';
import { type Ack, added, type Notice, noticeOfFrame, silentAck } from './told';

export interface Sitting {
  time: Time;
  /** undefined until the platform said it. */
  isWaiting: boolean | undefined;
  /** Grows whenever the attempt has to be read again: it was ended, or history was lost. */
  staleness: number;
  notices: readonly Notice[];
  lines: readonly Line[];
  /** The staff's lines up to this number have been seen. */
  readUpTo: number;
  isHandRaised: boolean;
  /** What is to be told to the platform without the student's doing. */
  silent: readonly Ack[];
}

export const NOT_YET: Sitting = {
  time: NO_TIME,
  isWaiting: undefined,
  staleness: 0,
  notices: [],
  lines: [],
  readUpTo: 0,
  isHandRaised: false,
  silent: [],
};

/** Returns the state after a frame; the same object when nothing follows from it. */
export function after(sitting: Sitting, frame: AttemptFrame): Sitting {
  const time = timeAfter(sitting.time, frame);
  const timed = time === sitting.time ? sitting : { ...sitting, time };
  return withWords(withState(timed, frame), frame);
}

/** Returns the state with notices that the platform listed. */
export function withNotices(sitting: Sitting, notices: readonly Notice[]): Sitting {
  return { ...sitting, notices: notices.reduce(added, sitting.notices) };
}

/** Returns the state without a notice that was seen. */
export function withoutNotice(sitting: Sitting, key: string): Sitting {
  return { ...sitting, notices: sitting.notices.filter((notice) => notice.key !== key) };
}

/** Returns the state with lines of the chat, in whatever order they came. */
export function withLines(sitting: Sitting, lines: readonly Line[]): Sitting {
  return { ...sitting, lines: joined(sitting.lines, lines) };
}

/** Returns the state after the chat was looked at. */
export function withAllRead(sitting: Sitting): Sitting {
  return { ...sitting, readUpTo: Math.max(sitting.readUpTo, lastOfStaff(sitting.lines)) };
}

function withState(sitting: Sitting, frame: AttemptFrame): Sitting {
  switch (frame.type) {
    case 'connected':
      return { ...sitting, isWaiting: frame.is_waiting_for_authorisation };
    case 'exam_event':
    case 'resync':
    case 'transfer_completed':
      return { ...sitting, staleness: sitting.staleness + 1 };
    case 'system_event':
      return withEvent(sitting, frame.event, frame.data);
    default:
      return sitting;
  }
}

function withEvent(
  sitting: Sitting,
  event: string,
  data: Readonly<Record<string, unknown>>,
): Sitting {
  switch (event) {
    case 'attempt_authorised':
    case 'lobby_changed':
      return { ...sitting, isWaiting: data.is_waiting_for_authorisation === true };
    case 'hand_changed':
      return { ...sitting, isHandRaised: data.is_raised === true };
    case 'messages_read':
      return data.is_by_student === true && typeof data.up_to_id === 'number'
        ? { ...sitting, readUpTo: Math.max(sitting.readUpTo, data.up_to_id) }
        : sitting;
    case 'action_acknowledged':
      return withoutNotice(sitting, `action-${String(data.id)}`);
    default:
      return sitting;
  }
}

function withWords(sitting: Sitting, frame: AttemptFrame): Sitting {
  const ack = silentAck(frame);
  if (ack) return { ...sitting, silent: [...sitting.silent, ack] };
  const notice = noticeOfFrame(frame);
  if (notice) return withNotices(sitting, [notice]);
  const line = lineOfFrame(frame);
  return line ? withLines(sitting, [line]) : sitting;
}
