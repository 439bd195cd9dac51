// @vitest-environment happy-dom
import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { measured, missingParts } from './measuring';

const never = new AbortController().signal;

test('three answers of the platform give its distance and how far the clocks are apart', async () => {
  let asked = 0;
  const measures = await measured(async () => {
    asked += 1;
    return { serverAt: Date.now() - 90_000 };
  }, never);
  expect(asked).toBe(3);
  expect(measures.canStore).toBe(true);
  expect(measures.roundTripMs).toBeLessThan(1_000);
  expect(Math.round((measures.skewMs ?? 0) / 1_000)).toBe(90);
});

test('a platform that does not answer is a measure, too', async () => {
  const measures = await measured(() => Promise.reject(new TypeError('no network')), never);
  expect(measures).toMatchObject({ roundTripMs: null, skewMs: null });
});

test('a browser is asked for what an exam needs', () => {
  expect(missingParts({})).toEqual([
    'indexedDB',
    'WebSocket',
    'BroadcastChannel',
    'structuredClone',
    'crypto.subtle',
    'navigator.locks',
  ]);
});
