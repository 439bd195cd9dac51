import { expect, test } from 'vitest';
import { isDay, withSlashes } from './birthday';

test.each([
  ['14', '14'],
  ['140', '14/0'],
  ['14032004', '14/03/2004'],
  ['14/03/2004', '14/03/2004'],
  ['1.3.2004', '01/03/2004'],
  ['14-', '14/'],
  ['1/', '01/'],
  ['14/3/', '14/03/'],
  ['14/030', '14/03/0'],
  ['14/03/20045', '14/03/2004'],
  ['', ''],
])('%s becomes %s', (typed, shown) => {
  expect(withSlashes(typed)).toBe(shown);
});

test('only days that exist are days', () => {
  expect(['14/03/2004', '29/02/2004'].map(isDay)).toEqual([true, true]);
  expect(['29/02/2003', '31/04/2004', '1/3/2004', ''].map(isDay)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
