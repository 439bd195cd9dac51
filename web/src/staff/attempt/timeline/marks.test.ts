import { expect, test } from 'vitest';
import { isInSight, lanesOf, type Moment, marksOf, type Severity } from './marks';
import { whole, zoom } from './scale';

function moment(
  id: number,
  at: number,
  type = 'tab_switch',
  severity: Severity = 'warning',
): Moment {
  return { id, sequence: id, type, severity, at, eventAt: at, isLate: false, questionId: null };
}

const MOMENTS = [
  moment(1, 0, 'window_focus', 'info'),
  moment(2, 1_000),
  moment(3, 1_100),
  moment(4, 50_000, 'fullscreen_exit', 'violation'),
  moment(5, 100_000),
];
const SCALE = whole(0, 100_000);

test('severities are three lanes, the worst on top, empty ones too', () => {
  expect(lanesOf(MOMENTS, 'severity').map((lane) => [lane.name, lane.moments.length])).toEqual([
    ['violation', 1],
    ['warning', 3],
    ['info', 1],
  ]);
});

test('types are lanes by what is worst, then by how often', () => {
  const lanes = lanesOf([...MOMENTS, moment(6, 3, 'window_blur')], 'type');
  expect(lanes.map((lane) => lane.name)).toEqual([
    'fullscreen_exit',
    'tab_switch',
    'window_blur',
    'window_focus',
  ]);
});

test('what falls on one column is one mark with its number', () => {
  const marks = marksOf(lanesOf(MOMENTS, 'severity'), SCALE, 50);
  expect(marks.map((mark) => mark.count)).toEqual([1, 2, 1, 1]);
  expect(marks[1]).toMatchObject({ first: { id: 2 }, last: { id: 3 } });
});

test('a mark is as bad as the worst that it holds', () => {
  const lanes = lanesOf([moment(1, 0, 'x', 'info'), moment(2, 1, 'x', 'violation')], 'type');
  expect(marksOf(lanes, whole(0, 100_000), 10)[0]).toMatchObject({
    severity: 'violation',
    count: 2,
  });
});

test('closer up they are two marks, and what is out of sight is not drawn', () => {
  const close = zoom(SCALE, 0.0001, 1_050);
  const marks = marksOf(lanesOf(MOMENTS, 'severity'), close, 1_000);
  expect(marks.map((mark) => mark.first.id)).toEqual([2, 3]);
  expect(MOMENTS.filter((each) => isInSight(each, close)).map((each) => each.id)).toEqual([2, 3]);
});

test('the mark of a chosen event is marked', () => {
  const marks = marksOf(lanesOf(MOMENTS, 'severity'), SCALE, 50, new Set([3]));
  expect(marks.map((mark) => mark.isChosen)).toEqual([false, true, false, false]);
});

test('ten thousand events are as many marks as fit, not as many as there are', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => moment(n, n * 10));
  const marks = marksOf(lanesOf(many, 'severity'), SCALE, 200);
  expect(marks.length).toBeLessThanOrEqual(200);
  expect(marks.reduce((sum, mark) => sum + mark.count, 0)).toBe(10_000);
});
