import { type FocusEvent, type PointerEvent, useEffect, useMemo, useRef } from 'react';
import type { BoardStore } from '../store';

/** The focus stays in a list that nobody uses any more: its rows keep their focus when they move. */
const IDLE_MS = 10_000;

/**
 * Handlers that hold the rows' order while a pointer is in the list, and while its keys are used;
 * who only left the focus there lets go after ten seconds.
 */
export function useHold(store: BoardStore) {
  const state = useRef({
    isPointed: false,
    idle: undefined as ReturnType<typeof setTimeout> | undefined,
  });
  useEffect(() => {
    const { current } = state;
    return () => {
      clearTimeout(current.idle);
      store.release();
    };
  }, [store]);

  return useMemo(() => {
    const letGo = () => {
      clearTimeout(state.current.idle);
      state.current.idle = undefined;
      if (!state.current.isPointed) store.release();
    };
    const used = () => {
      store.hold();
      clearTimeout(state.current.idle);
      state.current.idle = setTimeout(letGo, IDLE_MS);
    };
    return {
      onPointerEnter: (event: PointerEvent) => {
        if (event.pointerType === 'touch') {
          used();
          return;
        }
        state.current.isPointed = true;
        store.hold();
      },
      onPointerLeave: (event: PointerEvent) => {
        if (event.pointerType === 'touch') return;
        state.current.isPointed = false;
        if (!state.current.idle) store.release();
      },
      onKeyDownCapture: used,
      onFocus: used,
      onBlur: (event: FocusEvent) => {
        if (!event.currentTarget.contains(event.relatedTarget)) letGo();
      },
    };
  }, [store]);
}
