import { expect, it } from 'vitest';
import { byTime, phaseOf } from './phases';

const NOW = Date.parse('2026-03-02T09:00:00Z');
const exam = (status: string, start: string | null, end: string | null) =>
  ({ status, start_time: start, end_time: end }) as Parameters<typeof phaseOf>[0];

const on = exam('published', '2026-03-02T08:00:00Z', '2026-03-02T12:00:00Z');
const next = exam('published', '2026-03-02T10:00:00Z', null);
const later = exam('published', '2026-03-03T10:00:00Z', null);
const past = exam('published', '2026-03-01T08:00:00Z', '2026-03-01T12:00:00Z');
const before = exam('archived', '2026-02-01T08:00:00Z', null);

it('says whether an exam is on', () => {
  expect([on, next, past, before].map((each) => phaseOf(each, NOW))).toEqual([
    'open',
    'coming',
    'over',
    'over',
  ]);
  expect(phaseOf(exam('draft', null, null), NOW)).toBe('draft');
  expect(phaseOf(exam('published', null, null), NOW)).toBe('open');
});

it('puts those first that are on, then the next ones, then the newest of the past', () => {
  expect([before, later, past, next, on].sort(byTime(NOW))).toEqual([
    on,
    next,
    later,
    past,
    before,
  ]);
});
