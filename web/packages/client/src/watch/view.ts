/** Watches whether the page is seen, has the keyboard, and fills the screen. Nothing here can be held back. */

import { Away } from './away';
import { type HappeningData, instant, type Screen } from './happenings';
import type { Post } from './watch';

/** Tells switches away and back. A page that is left for good, or loaded again, is no switch. */
export function watchVisibility(post: Post): void {
  const away = new Away();
  const { document } = post.page;
  let isLeaving = false;
  const tell = (data: HappeningData['tab_switch'] | undefined) => {
    if (data) post.tell('tab_switch', 'warning', data, { question_id: post.questionId() });
  };
  const changed = () => {
    if (isLeaving) return;
    tell(document.visibilityState === 'hidden' ? away.hide(post.now()) : away.show(post.now()));
  };
  document.addEventListener('visibilitychange', changed, { signal: post.signal });
  const leaving = (event: Event) => {
    isLeaving = event.type === 'pagehide';
  };
  post.page.addEventListener('pagehide', leaving, { signal: post.signal });
  post.page.addEventListener('pageshow', leaving, { signal: post.signal });
}

/** Tells when another window takes the keyboard, and when it is given back. */
export function watchFocus(post: Post): void {
  let hasFocus = post.page.document.hasFocus();
  const options = { signal: post.signal };
  const tell = (type: 'window_blur' | 'window_focus') => {
    const at = post.now();
    const severity = type === 'window_blur' ? 'warning' : 'info';
    post.tell(type, severity, { timestamp: instant(at) }, { at, question_id: post.questionId() });
  };
  post.page.addEventListener(
    'blur',
    () => {
      if (hasFocus) tell('window_blur');
      hasFocus = false;
    },
    options,
  );
  post.page.addEventListener(
    'focus',
    () => {
      if (!hasFocus) tell('window_focus');
      hasFocus = true;
    },
    options,
  );
}

/** Tells when full screen is entered and left, by whatever way. */
export function watchFullScreen(post: Post): void {
  const { document } = post.page;
  let wasFull = document.fullscreenElement !== null && document.fullscreenElement !== undefined;
  let exits = 0;
  const changed = () => {
    const isFull = Boolean(document.fullscreenElement);
    if (isFull === wasFull) return;
    wasFull = isFull;
    const screen = screenOf(post.page);
    if (isFull) {
      post.tell('fullscreen_enter', 'info', screen);
      return;
    }
    exits += 1;
    const at = post.now();
    const data = { exit_count: exits, ...screen, timestamp: instant(at) };
    post.tell('fullscreen_exit', 'violation', data, { at });
  };
  document.addEventListener('fullscreenchange', changed, { signal: post.signal });
}

function screenOf(page: Window): Screen {
  return { screen_width: page.screen.width, screen_height: page.screen.height };
}
