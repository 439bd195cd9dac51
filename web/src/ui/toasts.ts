import { announce } from './announce';

/** Short messages that come by and go: what was done just now, with a way to undo it. */

export interface Toast {
  id: number;
  text: string;
  tone: 'info' | 'good' | 'warning' | 'bad';
  /** An undo or a way there; the toast goes when it is taken. */
  action?: { label: string; onPress: () => void };
}

const STAYS_MS = 6_000;
const STAYS_WITH_ACTION_MS = 20_000;

let shown: readonly Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();
const timers = new Map<number, ReturnType<typeof setTimeout>>();

/** Shows and announces it; bad news stays until it is closed. Returns its id. */
export function toast(text: string, more: Partial<Pick<Toast, 'tone' | 'action'>> = {}): number {
  const added: Toast = { id: ++lastId, text, tone: 'good', ...more };
  shown = [...shown, added];
  announce(text, added.tone === 'bad' ? 'assertive' : 'polite');
  startTimer(added);
  tell();
  return added.id;
}

export function closeToast(id: number): void {
  pauseTimer(id);
  shown = shown.filter((one) => one.id !== id);
  tell();
}

/** For `useSyncExternalStore`. */
export function shownToasts(): readonly Toast[] {
  return shown;
}

/** For `useSyncExternalStore`; returns its own end. */
export function onToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Somebody reads it: it stays while pointer or focus are there. */
export function pauseTimer(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
}

export function startTimer(one: Toast): void {
  pauseTimer(one.id);
  if (one.tone === 'bad') return;
  const after = one.action ? STAYS_WITH_ACTION_MS : STAYS_MS;
  timers.set(
    one.id,
    setTimeout(() => closeToast(one.id), after),
  );
}

function tell(): void {
  for (const listener of listeners) listener();
}
