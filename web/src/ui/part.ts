import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

const TRIES = 4;
const PAUSE_MS = 400;

/** A part of the pages whose code is fetched when it is first shown, or before. */
export type Part<Props> = LazyExoticComponent<ComponentType<Props>> & {
  /** Fetches the code, so that showing it later needs no line. Never raises. */
  fetchSoon(): Promise<void>;
};

/**
 * Makes a part of an import: `part(() => import('./Paused').then((m) => m.Paused))`. A fetch that
 * fails is repeated for some seconds; after that showing it raises, for `Whole` to catch.
 */
export function part<Props>(
  load: () => Promise<ComponentType<Props>>,
  pauseMs: number = PAUSE_MS,
): Part<Props> {
  const fetched = async () => ({ default: await patiently(load, pauseMs) });
  const made = lazy(fetched) as Part<Props>;
  made.fetchSoon = () => load().then(nothing, nothing);
  return made;
}

export async function patiently<T>(load: () => Promise<T>, pauseMs: number): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await load();
    } catch (error) {
      if (tries >= TRIES) throw error;
      await new Promise((done) => setTimeout(done, pauseMs * 2 ** (tries - 1)));
    }
  }
}

function nothing(): void {
  // It is fetched again when it is shown.
}
