/**
 * Watches a page for what the contract names, from the call until the returned function is called. It
 * holds back what a page can hold back, reports each act once, and decides nothing. No framework.
 */

import {
  type Happening,
  type HappeningData,
  type HappeningType,
  instant,
  type Severity,
} from './happenings';
import { watchKeyboard } from './keyboard';
import { watchClipboard, watchContextMenu } from './pointer';
import { watchFocus, watchFullScreen, watchVisibility } from './view';

export interface WatchOptions {
  /** Takes each happening, at once and on the same turn; it must not throw. */
  report(happening: Happening): void;
  /** The question that is shown at this moment; null when none is. */
  questionId(): number | null;
  /** Milliseconds since 1970 by this computer's clock. */
  now?(): number;
  page?: Window;
}

/** What each watcher gets: the page, and a way to tell. */
export interface Post {
  page: Window;
  now(): number;
  questionId(): number | null;
  /** Aborted when the watching ends; every listener hangs on it. */
  signal: AbortSignal;
  tell<Type extends HappeningType>(
    type: Type,
    severity: Severity,
    data: HappeningData[Type],
    more?: { at?: number; question_id?: number | null },
  ): void;
}

/** Starts all watchers; returns the function that ends them. */
export function watch(options: WatchOptions): () => void {
  const ending = new AbortController();
  const post = postOf(options, ending.signal);
  const keys = watchKeyboard(post);
  watchClipboard(post, keys);
  watchContextMenu(post);
  watchVisibility(post);
  watchFocus(post);
  watchFullScreen(post);
  return () => ending.abort();
}

function postOf(options: WatchOptions, signal: AbortSignal): Post {
  const now = options.now ?? Date.now;
  return {
    page: options.page ?? window,
    now,
    questionId: options.questionId,
    signal,
    tell(type, severity, data, more = {}) {
      const { at = now(), ...fields } = more;
      options.report({
        event_type: type,
        severity,
        event_timestamp: instant(at),
        event_data: data,
        ...fields,
      } as Happening); // the compiler does not follow a generic key into a union
    },
  };
}
