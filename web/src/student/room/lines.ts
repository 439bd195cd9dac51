/** The chat with the exam's staff: one list in order, whatever came twice or early. Pure. */

import type { AttemptFrame, Schemas } from '@oep/client';

/** A line of the chat. */
export interface Line {
  /** The platform's number; null while it is on its way. */
  id: number | null;
  /** The sender's own key; the same line has the same key wherever it comes from. */
  messageId: string;
  isOwn: boolean;
  /** The user name of a member of the staff; null for the student himself. */
  sender: string | null;
  text: string;
  /** ISO 8601; null while it is on its way. */
  sentAt: string | null;
  isRefused?: boolean;
}

/** Returns the lines with others; the platform's word about a line replaces our own. */
export function joined(lines: readonly Line[], others: readonly Line[]): Line[] {
  const byKey = new Map(lines.map((line) => [line.messageId, line]));
  for (const line of others) {
    const known = byKey.get(line.messageId);
    if (!known || known.id === null) byKey.set(line.messageId, line);
  }
  return [...byKey.values()].sort(inOrder);
}

/** Returns the highest number of a line of the staff: up to there the student has read. */
export function lastOfStaff(lines: readonly Line[]): number {
  return Math.max(0, ...lines.filter(({ isOwn }) => !isOwn).map(({ id }) => id ?? 0));
}

/** Returns how many lines of the staff lie behind the number up to which the student has read. */
export function unreadCount(lines: readonly Line[], readUpTo: number): number {
  return lines.filter(({ isOwn, id }) => !isOwn && (id ?? 0) > readUpTo).length;
}

export function lineOfMessage(message: Schemas['MessageOut']): Line {
  return {
    id: message.id,
    messageId: message.message_id,
    isOwn: message.is_from_student,
    sender: message.is_from_student ? null : message.sender_name,
    text: message.text ?? '',
    sentAt: message.sent_at,
  };
}

/** Returns the line of the chat that a frame brings; undefined when it brings none. */
export function lineOfFrame(frame: AttemptFrame): Line | undefined {
  if (frame.type === 'notification' && frame.action === 'reply') {
    const { id, message_id: messageId, sender, message: text, timestamp } = frame;
    if (id === undefined || messageId === undefined) return undefined;
    return { id, messageId, isOwn: false, sender: sender ?? null, text, sentAt: timestamp ?? null };
  }
  if (frame.type !== 'system_event' || frame.event !== 'message_sent') return undefined;
  const { id, message_id: messageId, text, sent_at: sentAt } = frame.data;
  if (typeof id !== 'number' || typeof messageId !== 'string') return undefined;
  return {
    id,
    messageId,
    isOwn: true,
    sender: null,
    text: String(text ?? ''),
    sentAt: typeof sentAt === 'string' ? sentAt : null,
  };
}

function inOrder(one: Line, other: Line): number {
  // what is on its way stands last, in the order in which it was written
  return (one.id ?? Number.MAX_SAFE_INTEGER) - (other.id ?? Number.MAX_SAFE_INTEGER);
}
