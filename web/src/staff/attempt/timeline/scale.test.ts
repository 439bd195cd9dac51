import { expect, test } from 'vitest';
import {
  around,
  edge,
  focusOf,
  instantAt,
  isWhole,
  pan,
  placeOf,
  ticks,
  whole,
  zoom,
} from './scale';

const ALL = whole(0, 3_600_000);

test('all that there is can be seen, with room at both ends', () => {
  expect(placeOf(ALL, 0)).toBeGreaterThan(0);
  expect(placeOf(ALL, 3_600_000)).toBeLessThan(1);
  expect(isWhole(ALL)).toBe(true);
});

test('one single event has some seconds around it', () => {
  const one = whole(1_000, 1_000);
  expect(one.to - one.from).toBe(10_000);
  expect(placeOf(one, 1_000)).toBe(0.5);
});

test('zooming leaves the instant under the pointer where it is', () => {
  const before = placeOf(ALL, 900_000);
  const closer = zoom(ALL, 0.5, 900_000);
  expect(placeOf(closer, 900_000)).toBeCloseTo(before);
  expect(closer.to - closer.from).toBeCloseTo((ALL.to - ALL.from) / 2);
});

test('nobody zooms closer than ten seconds or farther than all', () => {
  const closest = zoom(ALL, 1e-9);
  expect(closest.to - closest.from).toBeCloseTo(10_000);
  expect(zoom(closest, 1e9)).toEqual(ALL);
});

test('moving ends at the edges and never changes the length', () => {
  const closer = zoom(ALL, 0.1);
  const length = closer.to - closer.from;
  for (const moved of [pan(closer, -50), edge(closer, 0)]) {
    expect(moved.from).toBe(ALL.min);
    expect(moved.to - moved.from).toBeCloseTo(length);
  }
  expect(edge(closer, 1).to).toBeCloseTo(ALL.max);
  expect(pan(closer, 0.25).from).toBeCloseTo(closer.from + length / 4);
});

test('a short span is shown with a minute at least', () => {
  const span = around(ALL, 100_000, 100_500);
  expect(span.to - span.from).toBe(60_000);
  expect(placeOf(span, 100_250)).toBeCloseTo(0.5);
});

test('place and instant are each other’s inverse', () => {
  expect(instantAt(ALL, placeOf(ALL, 77_777))).toBeCloseTo(77_777);
});

test('the axis has round instants, never more than asked for', () => {
  for (const factor of [1, 0.3, 0.07, 0.01, 0.003]) {
    const found = ticks(zoom(ALL, factor), 8);
    expect(found.length).toBeGreaterThan(1);
    expect(found.length).toBeLessThanOrEqual(9);
    const [first = 0, second = 0] = found;
    expect(Math.abs(first % (second - first))).toBe(0);
  }
});

test('zooming in leads to what is there, and to the middle where nothing is', () => {
  expect(focusOf(ALL, [5_000, 6_000, 7_000])).toBe(6_000);
  expect(focusOf(zoom(ALL, 0.1, 3_000_000), [5_000])).toBeUndefined();
});
