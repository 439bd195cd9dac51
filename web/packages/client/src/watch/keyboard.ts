/** Watches keys: holds back what `keys` judges, and tells each press once, however long it is held. */

import { judge } from './keys';
import type { Post } from './watch';

/** When a key for the clipboard was pressed last, in milliseconds since 1970. */
export interface Keys {
  clipboardAt: number;
}

export function watchKeyboard(post: Post): Keys {
  const keys: Keys = { clipboardAt: Number.NEGATIVE_INFINITY };
  const meta = new LoneMeta(post);
  const options = { capture: true, signal: post.signal };
  post.page.addEventListener('keydown', (event) => pressed(post, keys, meta, event), options);
  post.page.addEventListener('keyup', (event) => event.key === 'Meta' && meta.tell(), options);
  post.page.addEventListener('blur', () => meta.tell(), { signal: post.signal });
  return keys;
}

function pressed(post: Post, keys: Keys, meta: LoneMeta, event: KeyboardEvent): void {
  if (event.key === 'Meta') {
    if (!event.repeat) meta.press(post.now());
    return;
  }
  meta.forget();
  const verdict = judge(event);
  if (!verdict) return;
  event.preventDefault();
  event.stopPropagation();
  if (verdict.event_type === 'copy_paste_attempt') keys.clipboardAt = post.now();
  if (!event.repeat) post.tell(verdict.event_type, verdict.severity, verdict.event_data);
}

/**
 * The Meta key alone opens the system's menu; as a part of a combination it is no act of its own (Cmd+C
 * is one attempt to copy). So it is told when it comes up alone, or when the page loses the keyboard.
 */
class LoneMeta {
  #pressedAt: number | undefined;
  readonly #post: Post;

  constructor(post: Post) {
    this.#post = post;
  }

  press(at: number): void {
    this.#pressedAt = at;
  }

  forget(): void {
    this.#pressedAt = undefined;
  }

  tell(): void {
    if (this.#pressedAt === undefined) return;
    const at = this.#pressedAt;
    this.forget();
    this.#post.tell('keyboard_blocked', 'warning', { key: 'Meta' }, { at });
  }
}
