// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { isForSelection } from './escape';

function press(on: Element, key = 'Escape', more: KeyboardEventInit = {}): boolean {
  let is = false;
  const hear = (event: KeyboardEvent) => {
    is = isForSelection(event);
  };
  document.addEventListener('keydown', hear);
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  document.removeEventListener('keydown', hear);
  return is;
}

function shown(html: string): Element {
  document.body.innerHTML = html;
  return document.body.firstElementChild ?? document.body;
}

describe('Escape clears the selection', () => {
  beforeEach(() => shown(''));

  it('wherever the focus is, also when it is nowhere', () => {
    expect(press(document.body)).toBe(true);
    expect(press(shown('<button>Message</button>'))).toBe(true);
    expect(press(shown('<input type="checkbox">'))).toBe(true);
  });

  it('not in a field', () => {
    expect(press(shown('<input type="search">'))).toBe(false);
    expect(press(shown('<textarea></textarea>'))).toBe(false);
  });

  it('not while a window or a menu is open', () => {
    shown('<div role="dialog"><button>Send</button></div>');
    expect(press(document.body)).toBe(false);
    shown('<div role="menu"></div>');
    expect(press(document.body)).toBe(false);
  });

  it('not when somebody has taken the key, and no other key does', () => {
    const button = shown('<button>Message</button>');
    button.addEventListener('keydown', (event) => event.preventDefault());
    expect(press(button)).toBe(false);
    expect(press(document.body, 'm')).toBe(false);
    expect(press(document.body, 'Escape', { altKey: true })).toBe(false);
  });
});
