import { describe, expect, it } from 'vitest';
import { moved, SHORTCUTS, wishOf } from './keys';

const press = (key: string, more = {}) =>
  wishOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

describe('keys in the list', () => {
  it('move, and extend the selection with Shift', () => {
    expect(press('ArrowDown')).toEqual({ move: 'down', isExtending: false });
    expect(press('End', { shiftKey: true })).toEqual({ move: 'last', isExtending: true });
  });

  it('do what the list of shortcuts says, in capital letters too', () => {
    for (const [key, deed] of SHORTCUTS) expect(press(key)).toEqual({ deed });
    expect(press('M', { shiftKey: true })).toEqual({ deed: 'message' });
  });

  it('are each for one thing', () => {
    expect(new Set(SHORTCUTS.map(([key]) => key)).size).toBe(SHORTCUTS.length);
  });

  it('leave to the browser what is its own', () => {
    expect(press('p', { ctrlKey: true })).toBeUndefined();
    expect(press('ArrowLeft', { altKey: true })).toBeUndefined();
    expect(press('F5')).toBeUndefined();
  });

  it('never leave the list', () => {
    expect(moved(0, 'up', 10, 5)).toBe(0);
    expect(moved(7, 'page_down', 10, 5)).toBe(9);
    expect(moved(7, 'first', 10, 5)).toBe(0);
    expect(moved(0, 'down', 0, 5)).toBe(0);
  });
});
