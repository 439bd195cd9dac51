import { useEffect } from 'react';
import { wishOf } from './keys';

/** Escape in a field is the field's, as it always was. */
const FIELD = 'input:not([type=checkbox]), textarea, select';
/** While one of these is open, Escape closes it, also before the focus has come to it. */
const OPEN = '[role=dialog], [role=alertdialog], [role=menu], [role=listbox]';

/** Whether a key press is Escape, and nothing on the page but the selection can be meant. */
export function isForSelection(event: KeyboardEvent): boolean {
  const wish = wishOf(event);
  if (event.defaultPrevented || !wish || !('deed' in wish) || wish.deed !== 'clear') return false;
  const target = event.target;
  const isInField = target instanceof Element && target.closest(FIELD) !== null;
  return !isInField && document.querySelector(OPEN) === null;
}

/**
 * Lets Escape clear the selection wherever the focus is: when a window closes, its focus is nowhere
 * for a frame, and a second Escape may come within that.
 */
export function useEscape(clear: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isForSelection(event)) clear();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [clear]);
}
