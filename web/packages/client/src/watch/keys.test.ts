import { describe, expect, test } from 'vitest';
import { comboOf, judge, type Press } from './keys';

function press(written: string, more: Partial<Press> = {}): Press {
  const parts = written.split('+');
  const key = parts.at(-1) ?? '';
  return {
    key,
    code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key,
    ctrlKey: parts.includes('Ctrl'),
    metaKey: parts.includes('Cmd'),
    shiftKey: parts.includes('Shift'),
    altKey: parts.includes('Alt'),
    ...more,
  };
}

describe('the contract names for each key what is sent', () => {
  test.each([
    ['F12', 'developer_tools_attempt', 'violation'],
    ['Ctrl+Shift+I', 'developer_tools_attempt', 'violation'],
    ['Ctrl+Shift+J', 'developer_tools_attempt', 'violation'],
    ['Ctrl+Shift+K', 'developer_tools_attempt', 'violation'],
    ['Cmd+Alt+i', 'developer_tools_attempt', 'violation'],
    ['Ctrl+c', 'copy_paste_attempt', 'violation'],
    ['Cmd+v', 'copy_paste_attempt', 'violation'],
    ['Ctrl+x', 'copy_paste_attempt', 'violation'],
    ['Ctrl+Insert', 'copy_paste_attempt', 'violation'],
    ['Shift+Insert', 'copy_paste_attempt', 'violation'],
    ['Ctrl+p', 'keyboard_blocked', 'violation'],
    ['Cmd+p', 'keyboard_blocked', 'violation'],
    ['Ctrl+u', 'keyboard_blocked', 'violation'],
    ['Ctrl+r', 'keyboard_blocked', 'warning'],
    ['F5', 'keyboard_blocked', 'warning'],
    ['Ctrl+t', 'keyboard_blocked', 'warning'],
    ['Ctrl+n', 'keyboard_blocked', 'warning'],
    ['Ctrl+w', 'keyboard_blocked', 'warning'],
    ['Alt+Tab', 'keyboard_blocked', 'warning'],
  ])('%s is %s, %s, with key and combo', (written, type, severity) => {
    const verdict = judge(press(written));
    expect(verdict).toMatchObject({ event_type: type, severity });
    expect(Object.keys(verdict?.event_data ?? {})).toEqual(['key', 'combo']);
  });

  test('F11 says its reason instead of a combination', () => {
    const verdict = judge(press('F11'));
    expect(verdict).toMatchObject({ event_type: 'keyboard_blocked', severity: 'warning' });
    expect(Object.keys(verdict?.event_data ?? {})).toEqual(['key', 'reason']);
  });
});

test.each([
  'a',
  'c',
  'Shift+c',
  'Tab',
  'Shift+Tab',
  'Enter',
  'Escape',
  'Ctrl+a',
  'Ctrl+z',
  'Insert',
  'Alt+c',
])('%s is the student’s to press', (written) => {
  expect(judge(press(written))).toBeUndefined();
});

test('a character that is typed with AltGr is no command', () => {
  expect(judge(press('Ctrl+Alt+c'))).toBeUndefined();
  expect(judge(press('Ctrl+Alt+Shift+i'))).toBeUndefined();
});

test('on a Hindi layout the place of the key counts', () => {
  const copying = press('Ctrl+म', { code: 'KeyC' });
  expect(judge(copying)).toMatchObject({
    event_type: 'copy_paste_attempt',
    event_data: { key: 'म', combo: 'Ctrl+C' },
  });
});

test('a combination is written as people write it', () => {
  expect(comboOf(press('Ctrl+Shift+i'))).toBe('Ctrl+Shift+I');
  expect(comboOf(press('Alt+Tab'))).toBe('Alt+Tab');
});
