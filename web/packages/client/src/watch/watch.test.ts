// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Happening } from './happenings';
import { watch } from './watch';

let told: Happening[];
let now: number;
let stop: () => void;
let isHidden: boolean;
let full: Element | null;

beforeEach(() => {
  told = [];
  now = Date.UTC(2026, 2, 2, 12);
  isHidden = false;
  full = null;
  Object.defineProperty(document, 'visibilityState', {
    configurable: true,
    get: () => (isHidden ? 'hidden' : 'visible'),
  });
  Object.defineProperty(document, 'fullscreenElement', { configurable: true, get: () => full });
  document.hasFocus = () => true;
  stop = watch({ report: (event) => told.push(event), questionId: () => 41, now: () => now });
});

afterEach(() => stop());

function press(key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  document.body.dispatchEvent(event);
  return event;
}

function happen(target: EventTarget, type: string): Event {
  const event = new Event(type, { bubbles: true, cancelable: true });
  target.dispatchEvent(event);
  return event;
}

function types(): string[] {
  return told.map((each) => each.event_type);
}

test('a held key is held back every time and told once', () => {
  expect(press('F12').defaultPrevented).toBe(true);
  expect(press('F12', { repeat: true }).defaultPrevented).toBe(true);
  expect(told).toEqual([
    {
      event_type: 'developer_tools_attempt',
      severity: 'violation',
      event_timestamp: '2026-03-02T12:00:00.000Z',
      event_data: { key: 'F12', combo: 'F12' },
    },
  ]);
});

test('what students may press reaches the page', () => {
  expect(press('a').defaultPrevented).toBe(false);
  expect(told).toEqual([]);
});

test('the key and the clipboard’s own event are one attempt', () => {
  press('c', { ctrlKey: true });
  now += 10;
  expect(happen(document, 'copy').defaultPrevented).toBe(true);
  expect(types()).toEqual(['copy_paste_attempt']);
});

test('a menu’s paste and a dropped text are attempts, too', () => {
  expect(happen(document, 'paste').defaultPrevented).toBe(true);
  expect(happen(document, 'drop').defaultPrevented).toBe(true);
  expect(told.map((each) => each.event_data)).toEqual([
    { key: 'paste', combo: 'menu' },
    { key: 'drop', combo: 'pointer' },
  ]);
});

test('Meta is told alone, and not as a part of a combination', () => {
  press('Meta', { metaKey: true });
  press('c', { metaKey: true, code: 'KeyC' });
  document.body.dispatchEvent(new KeyboardEvent('keyup', { key: 'Meta', bubbles: true }));
  expect(types()).toEqual(['copy_paste_attempt']);
  press('Meta', { metaKey: true });
  now += 80;
  document.body.dispatchEvent(new KeyboardEvent('keyup', { key: 'Meta', bubbles: true }));
  expect(told.at(-1)).toMatchObject({
    event_type: 'keyboard_blocked',
    event_data: { key: 'Meta' },
    event_timestamp: '2026-03-02T12:00:00.000Z',
  });
});

test('Meta that opens the system’s menu is told when the page loses the keyboard', () => {
  press('Meta', { metaKey: true });
  happen(window, 'blur');
  expect(types().sort()).toEqual(['keyboard_blocked', 'window_blur']);
});

test('the context menu is held back and told with its place', () => {
  const event = new MouseEvent('contextmenu', {
    clientX: 3,
    clientY: 4,
    cancelable: true,
    bubbles: true,
  });
  document.body.dispatchEvent(event);
  expect(event.defaultPrevented).toBe(true);
  expect(told[0]).toMatchObject({ severity: 'warning', event_data: { x: 3, y: 4 } });
});

test('hidden and visible again are two happenings of the question that is shown', () => {
  isHidden = true;
  happen(document, 'visibilitychange');
  now += 1_500;
  isHidden = false;
  happen(document, 'visibilitychange');
  expect(told.map((each) => [each.event_type, each.question_id])).toEqual([
    ['tab_switch', 41],
    ['tab_switch', 41],
  ]);
  expect(told[1]?.event_data).toMatchObject({
    action: 'visible',
    duration_seconds: 1.5,
    switch_count: 1,
  });
});

test('loading the page again is no switch away', () => {
  happen(window, 'pagehide');
  isHidden = true;
  happen(document, 'visibilitychange');
  expect(told).toEqual([]);
});

test('blur and focus are told once each', () => {
  happen(window, 'blur');
  happen(window, 'blur');
  happen(window, 'focus');
  happen(window, 'focus');
  expect(told.map((each) => [each.event_type, each.severity])).toEqual([
    ['window_blur', 'warning'],
    ['window_focus', 'info'],
  ]);
});

test('full screen is told when it is entered and when it is left, with a count', () => {
  full = document.body;
  happen(document, 'fullscreenchange');
  full = null;
  happen(document, 'fullscreenchange');
  happen(document, 'fullscreenchange');
  expect(types()).toEqual(['fullscreen_enter', 'fullscreen_exit']);
  expect(Object.keys(told[0]?.event_data ?? {})).toEqual(['screen_width', 'screen_height']);
  expect(Object.keys(told[1]?.event_data ?? {})).toEqual([
    'exit_count',
    'screen_width',
    'screen_height',
    'timestamp',
  ]);
});

test('after the end nothing is told or held back any more', () => {
  stop();
  expect(press('F12').defaultPrevented).toBe(false);
  happen(window, 'blur');
  expect(told).toEqual([]);
});
