import { expect, test } from 'vitest';
import { type Contribution, isCapped, levelOf, pointsOf } from './points';

function rule(
  rule_id: string,
  points: number,
  event_count = 0,
  off: string | null = null,
): Contribution {
  const rest = { version: 1, description: '', weight: 4, cap: 20, event_ids: [] };
  return { ...rest, rule_id, points, event_count, switched_off: off };
}

const POINTS = pointsOf([
  rule('blocked-keys', 0, 2),
  rule('copy-paste', 8, 2),
  rule('fullscreen-exit', 20, 7),
  rule('window-blur', 0, 9, 'switched off: accommodation'),
  rule('burst', 0),
]);

test('what scores comes first, most points on top, and its sum is the score', () => {
  expect(POINTS.scored.map((each) => each.rule_id)).toEqual(['fullscreen-exit', 'copy-paste']);
  expect(POINTS.sum).toBe(28);
});

test('what was seen without points, what is off and what saw nothing are told apart', () => {
  expect(POINTS.free.map((each) => each.rule_id)).toEqual(['blocked-keys']);
  expect(POINTS.off.map((each) => each.rule_id)).toEqual(['window-blur']);
  expect(POINTS.silent).toBe(1);
});

test('a rule at its cap says so', () => {
  expect(POINTS.scored.map(isCapped)).toEqual([true, false]);
});

test('a score asks more loudly the higher it is', () => {
  expect([0, 19, 20, 49, 50, 100].map(levelOf)).toEqual([
    'none',
    'none',
    'some',
    'some',
    'much',
    'much',
  ]);
});
