import { expect, test } from 'vitest';
import { failureOf, hasTried } from './camera';

const refusal = (name: string) => new DOMException('', name);

test('each refusal of a browser is told by what the student can do about it', () => {
  expect(failureOf(refusal('NotAllowedError'))).toBe('denied');
  expect(failureOf(refusal('NotFoundError'))).toBe('none');
  expect(failureOf(refusal('NotReadableError'))).toBe('busy');
  expect(failureOf(refusal('AbortError'))).toBe('busy');
  expect(failureOf(new TypeError('what?'))).toBe('unknown');
  expect(failureOf('what?')).toBe('unknown');
});

test('who has tried may begin, whether the camera works or not', () => {
  expect(hasTried({ name: 'failed', why: 'denied' })).toBe(true);
  expect(hasTried({ name: 'worked' })).toBe(true);
  expect(hasTried({ name: 'off' })).toBe(false);
  expect(hasTried({ name: 'asking' })).toBe(false);
});
