import { useCallback, useMemo, useRef, useState } from 'react';
import type { BoardStore } from '../store';

export interface Selection {
  readonly ids: ReadonlySet<number>;
  readonly toggle: (id: number) => void;
  /** Everybody from the student who was chosen last to this one, as the list stands. */
  readonly extendTo: (id: number) => void;
  /** Everybody whom the filter lets through. */
  readonly all: () => void;
  readonly clear: () => void;
}

/** Whom an action on several students would be for. It stays when the filter changes. */
export function useSelection(store: BoardStore): Selection {
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set());
  const anchor = useRef<number>(undefined);

  const toggle = useCallback((id: number) => {
    anchor.current = id;
    setIds((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const extendTo = useCallback(
    (id: number) => {
      const between = idsBetween(shownIds(store), anchor.current ?? id, id);
      anchor.current ??= id;
      setIds((before) => new Set([...before, ...between]));
    },
    [store],
  );
  const all = useCallback(() => setIds(new Set(shownIds(store))), [store]);
  const clear = useCallback(() => setIds(new Set()), []);
  return useMemo(
    () => ({ ids, toggle, extendTo, all, clear }),
    [ids, toggle, extendTo, all, clear],
  );
}

function shownIds(store: BoardStore): number[] {
  return store.lines().items.flatMap((item) => (item.kind === 'student' ? [item.id] : []));
}

/** Both ends and what is between them, in whichever order they stand. */
export function idsBetween(ids: readonly number[], one: number, other: number): number[] {
  const [from, to] = [ids.indexOf(one), ids.indexOf(other)];
  if (from < 0 || to < 0) return [other];
  return ids.slice(Math.min(from, to), Math.max(from, to) + 1);
}
