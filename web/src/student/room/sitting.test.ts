import type { AttemptFrame, Json } from '@oep/client';
import { describe, expect, test } from 'vitest';
import { unreadCount } from './lines';
import { after, NOT_YET, type Sitting, withAllRead, withNotices, withoutNotice } from './sitting';
import { noticesOfAllowances } from './told';

const AT = '2026-03-02T12:00:00Z';

function event(name: string, data: Record<string, Json>): AttemptFrame {
  return { type: 'system_event', event: name, data, timestamp: AT };
}

function asked(action: string, more: Record<string, Json> = {}): AttemptFrame {
  return event('action_requested', { id: 5, action, text: 'words', seconds: null, ...more });
}

function fold(...frames: AttemptFrame[]): Sitting {
  return frames.reduce(after, NOT_YET);
}

describe('what the staff say waits until it was seen', () => {
  test('a message', () => {
    const sitting = fold({
      type: 'notification',
      title: 'Message from the exam staff',
      message: 'Ten minutes of quiet, please',
      severity: 'info',
      action: 'acknowledge',
      id: 9,
      timestamp: AT,
    });
    expect(sitting.notices).toEqual([
      {
        key: 'action-9',
        kind: 'message',
        text: 'Ten minutes of quiet, please',
        seconds: null,
        acks: [{ of: 'action', id: 9 }],
      },
    ]);
    expect(withoutNotice(sitting, 'action-9').notices).toEqual([]);
  });

  test('a warning of the broadcast, which has no number to acknowledge', () => {
    const position = { sequence: 3, epoch: 'e' };
    const sitting = fold({
      type: 'warning',
      message: 'Look at your own screen',
      warning_code: 'W',
      timestamp: AT,
      position,
    });
    expect(sitting.notices).toMatchObject([{ key: 'said-3', kind: 'warning', acks: [] }]);
  });

  test('and what is told twice is there once', () => {
    const frame = asked('pause');
    expect(fold(frame, frame).notices).toHaveLength(1);
  });

  test('not the echo of the student’s own other tab', () => {
    const saved = {
      title: 'Answer Saved',
      message: 'Question 3 saved',
      severity: 'success',
    } as const;
    expect(fold({ type: 'notification', ...saved, timestamp: AT }).notices).toEqual([]);
  });
});

describe('extra time', () => {
  const granted = event('allowance_granted', { allowance_id: 2, seconds: 300, deadline_at: AT });
  const extended = asked('extend', { text: 'The power was out', seconds: 300 });

  test.each([
    ['the allowance first', [granted, extended]],
    ['the action first', [extended, granted]],
  ])('that a proctor gives is one notice with both acknowledgements: %s', (_, frames) => {
    const { notices } = fold(...frames);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({ text: 'The power was out', seconds: 300 });
    expect(notices[0]?.acks.map(({ of }) => of).sort()).toEqual(['action', 'allowance']);
  });

  test('that was given while nobody looked is found in the list', () => {
    const row = { id: 2, seconds: 300, acknowledged_at: null };
    const listed = noticesOfAllowances([
      row as never,
      { ...row, id: 1, acknowledged_at: AT } as never,
    ]);
    expect(withNotices(fold(granted), listed).notices).toHaveLength(1);
  });
});

test('what needs no reading is acknowledged silently', () => {
  const { silent, notices } = fold(asked('resume'), asked('authorise', { id: 6 }));
  expect(silent).toEqual([
    { of: 'action', id: 5 },
    { of: 'action', id: 6 },
  ]);
  expect(notices).toEqual([]);
});

test('the chat is one list, and a line that came by two ways is there once', () => {
  const fromStaff: AttemptFrame = {
    type: 'notification',
    title: 'Message from the exam staff',
    message: 'What is it?',
    severity: 'info',
    action: 'reply',
    id: 4,
    message_id: 'b',
    sender: 'demo-proctor',
    timestamp: AT,
  };
  const own = event('message_sent', { id: 3, message_id: 'a', text: 'Help', sent_at: AT });
  const sitting = fold(fromStaff, own, own);
  expect(sitting.lines.map(({ text, isOwn }) => [text, isOwn])).toEqual([
    ['Help', true],
    ['What is it?', false],
  ]);
  expect(unreadCount(sitting.lines, sitting.readUpTo)).toBe(1);
  expect(unreadCount(sitting.lines, withAllRead(sitting).readUpTo)).toBe(0);
});

test('whoever lowers the hand, the page knows', () => {
  const up = fold(event('hand_changed', { is_raised: true }));
  expect(up.isHandRaised).toBe(true);
  expect(after(up, event('hand_changed', { is_raised: false })).isHandRaised).toBe(false);
});

test('being let in ends the wait', () => {
  const authorised = event('attempt_authorised', { is_waiting_for_authorisation: false });
  expect(fold(authorised).isWaiting).toBe(false);
});

test('an end of the attempt, or lost history, makes the page read it again', () => {
  const cancelled: AttemptFrame = {
    type: 'exam_event',
    event: 'attempt_cancelled',
    data: {},
    timestamp: AT,
  };
  expect(fold(cancelled).staleness).toBe(1);
});

test('a frame that says nothing to the page changes nothing', () => {
  expect(after(NOT_YET, { type: 'ping', timestamp: AT })).toBe(NOT_YET);
});
