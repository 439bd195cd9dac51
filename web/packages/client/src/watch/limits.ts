/**
 * What no page can hold back. Said to students and staff as it is, because an exam that promises more
 * than a browser can do is believed by nobody. Pages hold the sentences, in every language; the keys
 * here are the list that those sentences must cover.
 */

export const CANNOT_BLOCK = [
  /** Alt+Tab, the Windows or Command key, other desktops: the operating system takes them first. */
  'other_programs',
  /** New tab, new window, close: the browser takes these keys first. What follows is noticed. */
  'browser_keys',
  /** Escape always leaves full screen. */
  'leaving_full_screen',
  /** Developer tools opened from the browser's menu, or before the exam. */
  'developer_tools_menu',
  /** Pictures of the screen, taken by the system or by a telephone. */
  'screenshots',
  /** Whatever lies or stands beside the computer. */
  'the_room',
] as const;

export type CannotBlock = (typeof CANNOT_BLOCK)[number];
