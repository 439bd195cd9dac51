import { expect, test } from 'vitest';
import { safeBrowserHeaders } from '../src/safe_browser';

const security = { configKey: 'c'.repeat(64), browserExamKey: 'b'.repeat(64) };

test('a page hands on what Safe Exam Browser told it, without the fragment', () => {
  const told = safeBrowserHeaders({ SafeExamBrowser: { security } }, 'https://a.example/app#now');
  expect(Object.fromEntries(told)).toEqual({
    'x-oep-page-url': 'https://a.example/app',
    'x-oep-page-configkeyhash': security.configKey,
    'x-oep-page-requesthash': security.browserExamKey,
  });
});

test('a key that it did not tell is not sent', () => {
  const told = safeBrowserHeaders(
    { SafeExamBrowser: { security: { configKey: security.configKey } } },
    'https://a.example/',
  );
  expect(told.map(([name]) => name)).toEqual(['x-oep-page-url', 'x-oep-page-configkeyhash']);
});

test('another browser says nothing', () => {
  expect(safeBrowserHeaders({}, 'https://a.example/')).toEqual([]);
  expect(safeBrowserHeaders({ SafeExamBrowser: {} }, 'https://a.example/')).toEqual([]);
});
