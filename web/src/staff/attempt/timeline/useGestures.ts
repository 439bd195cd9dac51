import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef } from 'react';
import { edge, instantAt, pan, type Scale, zoom } from './scale';

type Change = (next: (scale: Scale) => Scale) => void;

const CLOSER = 0.6;
const STEP = 0.2;

type Move = (scale: Scale, focus: number | undefined) => Scale;

const KEYS: Record<string, Move> = {
  '+': (scale, focus) => zoom(scale, CLOSER, focus),
  '=': (scale, focus) => zoom(scale, CLOSER, focus),
  '-': (scale) => zoom(scale, 1 / CLOSER),
  0: (scale) => zoom(scale, Number.POSITIVE_INFINITY),
  ArrowLeft: (scale) => pan(scale, -STEP),
  ArrowRight: (scale) => pan(scale, STEP),
  Home: (scale) => edge(scale, 0),
  End: (scale) => edge(scale, 1),
};

/** The ways to zoom and move that buttons, keys and pointer share. */
export const MOVES = {
  in: (scale: Scale, focus: number | undefined) => zoom(scale, CLOSER, focus),
  out: (scale: Scale) => zoom(scale, 1 / CLOSER),
  all: (scale: Scale) => zoom(scale, Number.POSITIVE_INFINITY),
  earlier: (scale: Scale) => pan(scale, -STEP * 2),
  later: (scale: Scale) => pan(scale, STEP * 2),
};

/** Returns the handlers of a picture: keys, dragging, and Ctrl or ⌘ with the wheel to zoom. */
export function useGestures(
  picture: RefObject<HTMLElement | null>,
  change: Change,
  focusOn: (scale: Scale) => number | undefined,
) {
  const dragged = useRef<{ x: number; moved: number }>(undefined);

  useEffect(() => {
    const element = picture.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls as everywhere
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const place = (event.clientX - box.left) / box.width;
      change((scale) => zoom(scale, event.deltaY > 0 ? 1.2 : 1 / 1.2, instantAt(scale, place)));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [picture, change]);

  return {
    onKeyDown(event: KeyboardEvent) {
      const move = KEYS[event.key];
      if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      change((scale) => move(scale, focusOn(scale)));
    },
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button === 0) dragged.current = { x: event.clientX, moved: 0 };
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      const drag = dragged.current;
      if (!drag || event.buttons === 0) return;
      const by = event.clientX - drag.x;
      const { width } = event.currentTarget.getBoundingClientRect();
      dragged.current = { x: event.clientX, moved: drag.moved + Math.abs(by) };
      if (by !== 0) change((scale) => pan(scale, -by / width));
    },
    onPointerUp() {
      dragged.current = undefined;
    },
  };
}
