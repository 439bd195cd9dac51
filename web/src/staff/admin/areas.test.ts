import { expect, it } from 'vitest';
import { AREAS, areasOf } from './areas';

it('offers everything to an administrator', () => {
  expect(areasOf(['student', 'admin'])).toEqual(AREAS);
});

it('offers exams and what they are made of to a hall in charge', () => {
  expect(areasOf(['hall_in_charge'])).toEqual(['exams', 'banks', 'trades']);
});

it('offers nothing to others', () => {
  expect(areasOf(['proctor', 'grader'])).toEqual([]);
});
