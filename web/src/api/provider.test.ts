import { expect, test, vi } from 'vitest';
import { takeAnswer } from './provider';

function at(hash: string) {
  const place = { hash, pathname: '/app/staff', search: '?a=b' } as Location;
  const history = { state: 7, replaceState: vi.fn() } as unknown as History;
  return { answer: takeAnswer(place, history), history };
}

test.each([
  ['#oidc=k-1_', { code: 'k-1_' }],
  ['#oidc-problem=oidc-denied', { problem: 'oidc-denied' }],
])('what stands behind the # is taken and does not stay there: %s', (hash, expected) => {
  const { answer, history } = at(hash);
  expect(answer).toEqual(expected);
  expect(history.replaceState).toHaveBeenCalledWith(7, '', '/app/staff?a=b');
});

test.each(['', '#', '#part', '#oidc='])('another # is left alone: %s', (hash) => {
  const { answer, history } = at(hash);
  expect(answer).toBeUndefined();
  expect(history.replaceState).not.toHaveBeenCalled();
});
