import { expect, test } from 'vitest';
import { safeBrowserHeaders } from '../src/safe_browser';

const security = { configKey: 'c'.repeat(64), browserExamKey: 'b'.repeat(64) };

test('a page hands on what Safe Exam Browser told it, without the fragment', () => {
  const told = safeBrowserHeaders({ SafeExamBrowser: { security } }, 'https://a.example/app#now');
  expect(Object.fromEntries(told)).toEqual({
    'x-safeexambrowser-page-url': 'https://a.example/app',
    'x-safeexambrowser-page-configkeyhash': security.configKey,
    'x-safeexambrowser-page-requesthash': security.browserExamKey,
  });
});

test('a key that it did not tell is not sent', () => {
  const told = safeBrowserHeaders(
    { SafeExamBrowser: { security: { configKey: security.configKey } } },
    'https://a.example/',
  );
  expect(told.map(([name]) => name)).toEqual([
    'x-safeexambrowser-page-url',
    'x-safeexambrowser-page-configkeyhash',
  ]);
});

test('another browser says nothing', () => {
  expect(safeBrowserHeaders({}, 'https://a.example/')).toEqual([]);
  expect(safeBrowserHeaders({ SafeExamBrowser: {} }, 'https://a.example/')).toEqual([]);
});
