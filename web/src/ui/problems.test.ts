import { Refusal, SignedOut, Unreachable } from '@oep/client';
import { expect, it } from 'vitest';
import { errorOf, problemOf } from './problems';

const refusal = new Refusal({
  status: 422,
  slug: 'invalid',
  detail: 'passing_marks cannot exceed total_marks',
  errors: [
    { pointer: '/passing_marks', message: 'too many' },
    { pointer: '/questions/2/marks', message: 'must be positive' },
    { pointer: '/query/limit', message: 'too large' },
  ],
  requestId: 'r-1',
});

it('shows a refusal in the words of the service', () => {
  expect(problemOf(refusal)).toMatchObject({
    kind: 'refusal',
    detail: 'passing_marks cannot exceed total_marks',
    requestId: 'r-1',
  });
});

it('finds the message that belongs beside a field', () => {
  expect(errorOf(refusal, 'passing_marks')).toBe('too many');
  expect(errorOf(refusal, 'questions.2.marks')).toBe('must be positive');
  expect(errorOf(refusal, 'limit')).toBe('too large');
  expect(errorOf(refusal, 'title')).toBeUndefined();
});

it('does not take a lost connection for a refusal', () => {
  expect(problemOf(new Unreachable('timeout'))).toMatchObject({ kind: 'network', detail: '' });
  expect(problemOf(new SignedOut()).kind).toBe('signedOut');
  expect(problemOf(new RangeError('bug')).kind).toBe('unknown');
  expect(problemOf(undefined).kind).toBe('unknown');
});
