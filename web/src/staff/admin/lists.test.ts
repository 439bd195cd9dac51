import { expect, it } from 'vitest';
import { asked, cut, given, PAGE_SIZE } from './lists';

const rows = (count: number) => Array.from({ length: count }, (_, index) => index);

it('asks for one row more than it shows', () => {
  expect(asked(50)).toEqual({ skip: 50, limit: PAGE_SIZE + 1 });
});

it('knows by the row too many that another page follows', () => {
  expect(cut(rows(PAGE_SIZE + 1))).toEqual({ rows: rows(PAGE_SIZE), hasNext: true });
  expect(cut(rows(PAGE_SIZE)).hasNext).toBe(false);
  expect(cut(undefined)).toEqual({ rows: [], hasNext: false });
});

it('sends no filter that says nothing', () => {
  expect(given({ q: '', role: undefined, center_id: 0, success: false })).toEqual({
    center_id: 0,
    success: false,
  });
});
