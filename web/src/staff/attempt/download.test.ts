import { expect, test } from 'vitest';
import { nameIn } from './download';

test('the file’s name is the one that the server gives, and never a path', () => {
  expect(nameIn('attachment; filename="exam-7-report.csv"')).toBe('exam-7-report.csv');
  expect(nameIn('attachment; filename="../x"')).toBeUndefined();
  expect(nameIn(null)).toBeUndefined();
});
