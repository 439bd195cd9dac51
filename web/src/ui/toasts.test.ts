// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { closeToast, onToasts, pauseTimer, shownToasts, startTimer, toast } from './toasts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  for (const one of shownToasts()) closeToast(one.id);
  vi.useRealTimers();
});
const texts = () => shownToasts().map((one) => one.text);

it('goes by itself when it has been read', () => {
  toast('Saved');
  expect(texts()).toEqual(['Saved']);
  vi.advanceTimersByTime(6_000);
  expect(texts()).toEqual([]);
});

it('stays longer when something can be done, and as long as it is bad', () => {
  toast('Removed', { action: { label: 'Undo', onPress: () => undefined } });
  toast('Refused', { tone: 'bad' });
  vi.advanceTimersByTime(19_000);
  expect(texts()).toEqual(['Removed', 'Refused']);
  vi.advanceTimersByTime(2_000);
  expect(texts()).toEqual(['Refused']);
});

it('stays while somebody rests on it', () => {
  const id = toast('Saved');
  pauseTimer(id);
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual(['Saved']);
  for (const one of shownToasts()) startTimer(one);
  vi.advanceTimersByTime(6_000);
  expect(texts()).toEqual([]);
});

it('is said to screen readers, bad news at once', () => {
  toast('Saved');
  toast('Refused', { tone: 'bad' });
  expect(document.querySelector('[aria-live=polite]')?.textContent).toContain('Saved');
  expect(document.querySelector('[aria-live=assertive]')?.textContent).toContain('Refused');
});

it('tells who listens until they stop', () => {
  const listener = vi.fn();
  const stop = onToasts(listener);
  toast('Saved');
  stop();
  toast('Saved again');
  expect(listener).toHaveBeenCalledTimes(1);
});
