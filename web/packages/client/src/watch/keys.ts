/**
 * Which key presses the exam room holds back, and what each is reported as. Pure: a press in, a verdict
 * out. `Alt+Tab`, the Meta key and some of the browser's own (new tab, new window, close) reach a page
 * only sometimes and cannot be held back by it: see `limits`.
 */

import type { HappeningData, Severity } from './happenings';

/** The part of a `KeyboardEvent` that matters. */
export interface Press {
  key: string;
  /** The key's place on the keyboard, so that a Hindi layout is read like a Latin one. */
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

type KeyType = 'keyboard_blocked' | 'copy_paste_attempt' | 'developer_tools_attempt';

/** What a press is reported as; every press with a verdict is held back, as far as a page can. */
export type Verdict = {
  [Type in KeyType]: { event_type: Type; severity: Severity; event_data: HappeningData[Type] };
}[KeyType];

const CLIPBOARD = new Set(['c', 'v', 'x']);
const PRINT_AND_SOURCE = new Set(['p', 'u']);
const BROWSER = new Set(['r', 't', 'n', 'w']);
const TOOLS = new Set(['i', 'j', 'k']);
const TOOLS_MAC = new Set(['i', 'j', 'c', 'u']);

/** Returns the verdict on a press, or undefined for what students may press. */
export function judge(press: Press): Verdict | undefined {
  return byName(press) ?? (press.ctrlKey || press.metaKey ? byCommand(press) : undefined);
}

/** How a press is written for people: `Ctrl+Shift+I`. */
export function comboOf(press: Press): string {
  const held = [
    press.ctrlKey && 'Ctrl',
    press.metaKey && 'Cmd',
    press.altKey && 'Alt',
    press.shiftKey && 'Shift',
  ].filter((name) => name !== false);
  return [...held, nameOf(press)].join('+');
}

function byName(press: Press): Verdict | undefined {
  switch (press.key) {
    case 'F11':
      return {
        event_type: 'keyboard_blocked',
        severity: 'warning',
        event_data: { key: 'F11', reason: 'The browser would change full screen' },
      };
    case 'F12':
      return tools(press);
    case 'F5':
      return blocked(press, 'warning');
    case 'Tab':
      return press.altKey ? blocked(press, 'warning') : undefined;
    case 'Insert':
      return insert(press);
    default:
      return undefined;
  }
}

/** `Ctrl+Insert` copies and `Shift+Insert` pastes, in every browser. */
function insert(press: Press): Verdict | undefined {
  const isClipboard = press.ctrlKey !== press.shiftKey && !press.altKey;
  return isClipboard ? clipboard(press) : undefined;
}

function byCommand(press: Press): Verdict | undefined {
  const letter = letterOf(press);
  if (isTools(press, letter)) return tools(press);
  if (press.altKey) return undefined; // AltGr types characters on many layouts
  if (CLIPBOARD.has(letter)) return clipboard(press);
  if (PRINT_AND_SOURCE.has(letter)) return blocked(press, 'violation');
  if (BROWSER.has(letter)) return blocked(press, 'warning');
  return undefined;
}

function isTools(press: Press, letter: string): boolean {
  if (press.metaKey && press.altKey) return TOOLS_MAC.has(letter);
  return press.shiftKey && !press.altKey && TOOLS.has(letter);
}

/** The Latin letter of a press, whatever the layout writes. */
function letterOf(press: Press): string {
  if (/^[a-z]$/i.test(press.key)) return press.key.toLowerCase();
  return /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase() ?? '';
}

function nameOf(press: Press): string {
  return letterOf(press).toUpperCase() || press.key;
}

function clipboard(press: Press): Verdict {
  return { event_type: 'copy_paste_attempt', severity: 'violation', event_data: data(press) };
}

function tools(press: Press): Verdict {
  return { event_type: 'developer_tools_attempt', severity: 'violation', event_data: data(press) };
}

function blocked(press: Press, severity: Severity): Verdict {
  return { event_type: 'keyboard_blocked', severity, event_data: data(press) };
}

function data(press: Press): { key: string; combo: string } {
  return { key: press.key, combo: comboOf(press) };
}
