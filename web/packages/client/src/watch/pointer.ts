/** Watches the context menu, and the clipboard where no key called it: menus, a dropped text. */

import type { Keys } from './keyboard';
import type { Post } from './watch';

const SAME_ACT_MS = 500;
const CLIPBOARD = ['copy', 'cut', 'paste'] as const;

export function watchClipboard(post: Post, keys: Keys): void {
  const options = { capture: true, signal: post.signal };
  const { document } = post.page;
  for (const type of CLIPBOARD) {
    document.addEventListener(type, (event) => held(post, keys, event, 'menu'), options);
  }
  document.addEventListener('drop', (event) => held(post, keys, event, 'pointer'), options);
}

function held(post: Post, keys: Keys, event: Event, combo: string): void {
  event.preventDefault();
  if (post.now() - keys.clipboardAt < SAME_ACT_MS) return; // its key was told already
  post.tell('copy_paste_attempt', 'violation', { key: event.type, combo });
}

export function watchContextMenu(post: Post): void {
  const held = (event: MouseEvent) => {
    event.preventDefault();
    const { clientX: x, clientY: y } = event;
    post.tell('context_menu_blocked', 'warning', { x, y });
  };
  post.page.addEventListener('contextmenu', held, { capture: true, signal: post.signal });
}
