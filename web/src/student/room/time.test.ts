import type { AttemptFrame } from '@oep/client';
import { describe, expect, test } from 'vitest';
import { NO_TIME, type Time, timeAfter, timeOfAttempt } from './time';

const NOON = Date.UTC(2026, 2, 2, 12);
const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();
const RUNNING: Time = { deadlineAt: NOON + 3_600_000, pausedSeconds: null };

function event(name: string, data: Record<string, string | number | null>): AttemptFrame {
  return { type: 'system_event', event: name, data, timestamp: at(0) };
}

function update(seconds: number, now = 0): AttemptFrame {
  return {
    type: 'time_update',
    server_time: at(now),
    time_remaining_seconds: seconds,
    elapsed_seconds: 0,
    is_expired: false,
    timestamp: at(now),
  };
}

function connected(seconds: number, pausedAt: string | null): AttemptFrame {
  return {
    type: 'connected',
    connection_id: 'a',
    attempt_id: 1,
    server_time: at(0),
    time_remaining_seconds: seconds,
    heartbeat_interval: 30,
    checkpoint_debounce: 2,
    paused_at: pausedAt,
    is_waiting_for_authorisation: false,
    position: { sequence: 1, epoch: 'e' },
  };
}

test('the attempt says the exact deadline', () => {
  const read = timeOfAttempt(NO_TIME, { deadline_at: '2026-03-02T13:00:00.250Z' });
  expect(read).toEqual({ deadlineAt: NOON + 3_600_250, pausedSeconds: null });
});

test('whole seconds that fit the deadline leave it as exact as it was', () => {
  expect(timeAfter(RUNNING, update(3_599))).toBe(RUNNING);
  expect(timeAfter(RUNNING, connected(3_600, null))).toEqual(RUNNING);
});

test('seconds that say something else correct it', () => {
  expect(timeAfter(RUNNING, update(3_900))).toMatchObject({ deadlineAt: NOON + 3_900_000 });
});

test('extra time moves the deadline at once', () => {
  const frame = event('allowance_granted', { deadline_at: at(3_900), seconds: 300 });
  expect(timeAfter(RUNNING, frame)).toMatchObject({ deadlineAt: NOON + 3_900_000 });
});

describe('while the clock stands still', () => {
  const paused = timeAfter(RUNNING, event('attempt_paused', { time_remaining_seconds: 1_200 }));
  test('its seconds stay', () => {
    expect(paused.pausedSeconds).toBe(1_200);
    expect(timeAfter(paused, update(1_200, 600))).toBe(paused);
  });
  test('extra time is added to them', () => {
    const more = event('allowance_granted', { time_remaining_seconds: 1_500, deadline_at: null });
    expect(timeAfter(paused, more).pausedSeconds).toBe(1_500);
  });
  test('going on says the new deadline', () => {
    const on = event('attempt_resumed', { deadline_at: at(4_000), paused_at: null });
    expect(timeAfter(paused, on)).toEqual({ deadlineAt: NOON + 4_000_000, pausedSeconds: null });
  });
});

test('who connects in the middle of a pause sees it standing', () => {
  expect(timeAfter(RUNNING, connected(800, at(-60))).pausedSeconds).toBe(800);
});

test('before the begin there is no deadline', () => {
  expect(timeAfter(NO_TIME, connected(3_600, null))).toEqual(NO_TIME);
});
