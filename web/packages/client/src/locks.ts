/**
 * Who may do something alone, across all tabs of this browser: the Web Locks API where it is (secure
 * pages), else the same within one page. A lock of a tab that is closed or crashes is free at once.
 */

export interface Locks {
  /** Runs `work` when nobody else holds `name`; returns what it returns. */
  hold<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** The locks of the browser; those of the page alone where it has none. */
export function browserLocks(): Locks {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return OF_THIS_PAGE;
  return { hold: async (name, work) => locks.request(name, () => work()) };
}

/** Locks among those who share the returned object. */
export function pageLocks(): Locks {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async hold(name, work) {
      const before = tails.get(name) ?? Promise.resolve();
      const mine = before.then(work, work);
      const settled = mine.catch(() => undefined);
      tails.set(name, settled);
      try {
        return await mine;
      } finally {
        if (tails.get(name) === settled) tails.delete(name);
      }
    },
  };
}

const OF_THIS_PAGE = pageLocks();
