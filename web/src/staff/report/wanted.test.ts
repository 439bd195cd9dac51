import { expect, test } from 'vitest';
import { fileOf, wantedOf } from './wanted';

const read = (text: string) => wantedOf(new URLSearchParams(text));

test('without anything said the highest risk comes first', () => {
  expect(read('')).toEqual({ sort: 'risk', direction: 'desc', skip: 0 });
});

test('filters, order and page come from the address', () => {
  expect(
    read('sort=violations&direction=asc&skip=50&status=graded&min_risk=20&search=%20Asha%20'),
  ).toEqual({
    sort: 'violations',
    direction: 'asc',
    skip: 50,
    status: 'graded',
    min_risk: 20,
    search: 'Asha',
  });
});

test('what makes no sense is as if it were not there', () => {
  expect(read('sort=name&skip=-1&status=asleep&min_risk=x&event_type=DROP TABLE')).toEqual(
    read(''),
  );
});

test('a file has all pages, the filters, each attempt once, and no token', () => {
  const wanted = read('sort=violations&status=graded&skip=50&search=Asha&has_missing_events');
  const csv = new URL(fileOf(7, wanted, 'csv'), 'http://x');
  expect(csv.pathname).toBe('/api/v1/proctoring/exams/7/report');
  expect(Object.fromEntries(csv.searchParams)).toEqual({
    format: 'csv',
    sort: 'attempt_id',
    direction: 'asc',
    status: 'graded',
    has_missing_events: 'true',
  });
  expect(new URL(fileOf(7, wanted, 'pdf'), 'http://x').searchParams.get('sort')).toBe('violations');
});
