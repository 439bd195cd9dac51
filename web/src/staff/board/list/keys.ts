/** What a key means in the list. Only there: outside of it letters are letters. Pure. */

export type Move = 'up' | 'down' | 'page_up' | 'page_down' | 'first' | 'last';
export type Deed =
  | 'open'
  | 'select'
  | 'select_all'
  | 'clear'
  | 'show_waiting'
  | 'search'
  | 'help'
  | 'claim'
  | 'chat'
  | 'lower_hand'
  | 'message'
  | 'warn'
  | 'pause'
  | 'extend'
  | 'authorise'
  | 'terminate';

export type KeyWish =
  | { readonly move: Move; readonly isExtending: boolean }
  | { readonly deed: Deed };

interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const MOVES: Readonly<Record<string, Move>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  PageUp: 'page_up',
  PageDown: 'page_down',
  Home: 'first',
  End: 'last',
};

/** Key and deed, in the order in which the list of shortcuts shows them. */
export const SHORTCUTS: readonly (readonly [key: string, deed: Deed])[] = [
  ['Enter', 'open'],
  [' ', 'select'],
  ['Escape', 'clear'],
  ['u', 'show_waiting'],
  ['/', 'search'],
  ['c', 'claim'],
  ['r', 'chat'],
  ['h', 'lower_hand'],
  ['m', 'message'],
  ['w', 'warn'],
  ['p', 'pause'],
  ['e', 'extend'],
  ['a', 'authorise'],
  ['x', 'terminate'],
  ['?', 'help'],
];
const DEEDS = new Map(SHORTCUTS);

/** Keys as they are printed on keyboards, in every language. */
export const CAPS = {
  ' ': 'Space',
  Escape: 'Esc',
  Enter: 'Enter',
  Home: 'Home',
  End: 'End',
  Control: 'Ctrl',
} as const;

/** What a key press in the list asks for; undefined = it is the browser's. */
export function wishOf(key: Key): KeyWish | undefined {
  if (key.altKey) return undefined;
  if (key.ctrlKey || key.metaKey) return key.key === 'a' ? { deed: 'select_all' } : undefined;
  const move = MOVES[key.key];
  if (move) return { move, isExtending: key.shiftKey };
  const deed = DEEDS.get(key.key.length === 1 ? key.key.toLowerCase() : key.key);
  return deed && { deed };
}

/** The index after a move in a list of `length` rows of which `page` fit on the screen. */
export function moved(index: number, move: Move, length: number, page: number): number {
  const by = { up: -1, down: 1, page_up: -page, page_down: page, first: -length, last: length };
  return Math.min(Math.max(index + by[move], 0), Math.max(0, length - 1));
}
