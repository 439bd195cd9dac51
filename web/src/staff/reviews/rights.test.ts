import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { barOf, dueOf, REASONS } from './rights';

const REVIEW = { state: 'appealed' as const, student_id: 1, opened_by_id: 2, decided_by_id: 3 };

test('who opened or decided a review does not decide on the appeal, and is told why', () => {
  expect(barOf(REVIEW, 2)).toBe('opened');
  expect(barOf(REVIEW, 3)).toBe('decided');
  expect(barOf({ ...REVIEW, decided_by_id: 2 }, 2)).toBe('opened_and_decided');
});

test('nobody judges an attempt of his own, and somebody else may', () => {
  expect(barOf(REVIEW, 1)).toBe('own');
  expect(barOf(REVIEW, 4)).toBeUndefined();
});

test('what is due follows the state, and lateness the clock', () => {
  const dates = {
    decision_due_at: '2026-03-01T00:00:00Z',
    appeal_until: null,
    appeal_due_at: '2026-03-09T00:00:00Z',
  };
  const now = Date.parse('2026-03-05T00:00:00Z');
  expect(dueOf({ ...dates, state: 'open' }, now)).toMatchObject({ what: 'decision', isOver: true });
  expect(dueOf({ ...dates, state: 'appealed' }, now)).toMatchObject({
    what: 'appeal_decision',
    isOver: false,
  });
  expect(dueOf({ ...dates, state: 'decided' }, now)).toBeUndefined();
  expect(dueOf({ ...dates, state: 'closed' }, now)).toBeUndefined();
});

test('the reasons are those of the service', () => {
  const place = new URL('../../../../deploy/gateway/openapi.json', import.meta.url);
  const { ReasonCode } = JSON.parse(readFileSync(place, 'utf8')).components.schemas;
  expect([...REASONS.cleared, ...REASONS.confirmed].sort()).toEqual([...ReasonCode.enum].sort());
});
