// @vitest-environment happy-dom
import { ServerClock } from '@oep/client';
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { figures, timeLeft } from './countdown';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-03-02T09:00:00Z');
/** Two hours, and half a second so that the figures never change at the very moment of a look. */
const DEADLINE = START + 2 * HOUR_MS + 500;

const shared = vi.hoisted(() => ({ clock: undefined as unknown }));
vi.mock('../../api', () => ({ useServerClock: () => shared.clock }));
vi.mock('../attempt/useSitting', () => ({
  useSitting: () => ({ time: { deadlineAt: DEADLINE, pausedSeconds: null } }),
}));
vi.mock('use-intl', () => ({ useTranslations: () => (key: string) => key }));

const { ClockFace } = await import('./ClockFace');

let trueMs = 0;

/** A face by a computer whose crystal runs `ppm` too fast, and which was told the time once. */
function faceOf(ppm: number): void {
  trueMs = 0;
  const rate = 1 + ppm / 1e6;
  const clock = new ServerClock({ monotonic: () => trueMs * rate, device: () => trueMs * rate });
  clock.observe(new Date(START).toISOString(), 0);
  shared.clock = clock;
  render(<ClockFace onOver={() => undefined} />);
}

/** Time goes by, and the browser runs the timers that are due only at the end of each `step`. */
function pass(ms: number, step: number): void {
  for (let gone = 0; gone < ms; gone += step) {
    trueMs += step;
    act(() => vi.advanceTimersByTime(step));
  }
}

const shown = () => screen.getByRole('timer').textContent ?? '';
/** What a perfect clock shows, this many ms earlier or later. */
const right = (offMs = 0) => figures(timeLeft(DEADLINE - START - trueMs - offMs));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test.each([-60, 0, 60])(
  'the face of a computer whose crystal is off by %i ppm is within 1 s after each minute of an hour',
  (ppm) => {
    faceOf(ppm);
    for (let minute = 0; minute < 60; minute += 1) {
      pass(60_000, 10_000);
      expect([right(-1_000), right(), right(1_000)]).toContain(shown());
    }
    expect(trueMs).toBe(HOUR_MS);
  },
);

test('a hidden tab whose timers run once a minute has lost nothing when it is looked at again', () => {
  faceOf(0);
  pass(HOUR_MS, 60_000);
  expect(shown()).toBe(right());
  pass(3_000, 1_000); // shown again, it goes by seconds
  expect(shown()).toBe(right());
});
