import { expect, test } from 'vitest';
import { type Check, checksOf, lackOf, type Measures, mayBegin, median, skew } from './check';

const FINE: Measures = {
  missing: [],
  canStore: true,
  skewMs: 120,
  roundTripMs: 40,
  canFillScreen: true,
};

function states(measures: Partial<Measures>): Record<string, string> {
  const checks: Check[] = checksOf({ ...FINE, ...measures });
  return Object.fromEntries(checks.map(({ id, state }) => [id, state]));
}

test('a fit browser on a fit network passes', () => {
  expect(Object.values(states({}))).toEqual(['good', 'good', 'good', 'good', 'good']);
  expect(mayBegin(checksOf(FINE))).toBe(true);
});

test('a browser that lacks something, or cannot store, cannot sit the exam', () => {
  expect(states({ missing: ['indexedDB'] })).toMatchObject({ browser: 'bad' });
  expect(states({ canStore: false })).toMatchObject({ storage: 'bad' });
  expect(mayBegin(checksOf({ ...FINE, canStore: false }))).toBe(false);
});

test('without the platform nobody begins; a slow way to it is only said', () => {
  expect(mayBegin(checksOf({ ...FINE, roundTripMs: null }))).toBe(false);
  expect(states({ roundTripMs: 900 })).toMatchObject({ network: 'notice' });
  expect(mayBegin(checksOf({ ...FINE, roundTripMs: 900 }))).toBe(true);
});

test('a wrong clock and a browser without full screen are said and keep nobody out', () => {
  const measures = { ...FINE, skewMs: -300_000, canFillScreen: false };
  expect(states(measures)).toMatchObject({ clock: 'notice', full_screen: 'notice' });
  expect(mayBegin(checksOf(measures))).toBe(true);
});

test('whether pictures may be taken is asked, then the camera tried, where that is asked for', () => {
  const fit = checksOf(FINE);
  const due = (consent: 'given' | 'refused' | undefined, hasTried = false) =>
    lackOf(fit, { consent, hasTried });
  expect(lackOf(fit, undefined)).toBeUndefined();
  expect(due(undefined, true)).toBe('noBeginConsent');
  expect(due('given')).toBe('noBeginCamera');
  expect(due('given', true)).toBeUndefined();
  expect(due('refused')).toBeUndefined();
  const unfit = checksOf({ ...FINE, canStore: false });
  expect(lackOf(unfit, { consent: undefined, hasTried: false })).toBe('noBegin');
  expect(lackOf(undefined, undefined)).toBe('noBegin');
});

test('the clocks are compared half way between request and answer', () => {
  expect(skew(1_000, 1_200, 600)).toBe(500);
});

test('one slow request does not make a slow network', () => {
  expect(median([900, 30, 40])).toBe(40);
  expect(median([])).toBeNull();
});
