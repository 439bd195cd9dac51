import { expect, test } from 'vitest';
import { isOver, type Screen, type Situation, screenOf } from './screen';

const CALM = { isWaiting: false, hasAsked: false, isPaused: false };

test.each<[Partial<Situation> & Pick<Situation, 'status'>, Screen]>([
  [{ status: 'not_started' }, 'instructions'],
  [{ status: 'not_started', isWaiting: true }, 'instructions'],
  [{ status: 'not_started', isWaiting: true, hasAsked: true }, 'lobby'],
  [{ status: 'not_started', hasAsked: true }, 'instructions'],
  [{ status: 'in_progress' }, 'room'],
  [{ status: 'in_progress', isPaused: true }, 'paused'],
  [{ status: 'submitted' }, 'result'],
  [{ status: 'graded' }, 'result'],
  [{ status: 'expired' }, 'expired'],
  [{ status: 'cancelled' }, 'cancelled'],
])('%j is shown as %s', (situation, screen) => {
  expect(screenOf({ ...CALM, ...situation })).toBe(screen);
});

test('only what has not begun or is in progress is not over', () => {
  const all = [
    'not_started',
    'in_progress',
    'submitted',
    'graded',
    'expired',
    'cancelled',
  ] as const;
  expect(all.filter((status) => !isOver(status))).toEqual(['not_started', 'in_progress']);
});
