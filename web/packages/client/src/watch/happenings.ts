/**
 * What a page can notice in the exam room, in the words of the platform's contract: each type of event
 * with the severity that it is sent with and exactly the keys of its `event_data`.
 */

/** How grave a happening is by itself; people judge, not this word. */
export type Severity = 'info' | 'warning' | 'violation';

/** `width` and `height` of the screen in CSS pixels. */
export interface Screen {
  screen_width: number;
  screen_height: number;
}

/** What was pressed (`key`, as the browser names it) and how it is written (`Ctrl+C`). */
export interface KeyData {
  key: string;
  combo: string;
}

interface Timestamp {
  /** ISO 8601 in UTC, with milliseconds. */
  timestamp: string;
}

/** `event_data` of each type. */
export interface HappeningData {
  fullscreen_enter: Screen;
  fullscreen_exit: Screen & Timestamp & { exit_count: number };
  keyboard_blocked: KeyData | { key: string; reason: string } | { key: string };
  copy_paste_attempt: KeyData;
  developer_tools_attempt: KeyData;
  context_menu_blocked: { x: number; y: number };
  tab_switch: Timestamp &
    ({ action: 'hidden' } | { action: 'visible'; duration_seconds: number; switch_count: number });
  window_blur: Timestamp;
  window_focus: Timestamp;
  answer_change: AnswerChangeData;
}

/** Answers are cut to 1,000 characters: an event is a trace, the answer itself is saved elsewhere. */
export interface AnswerChangeData {
  previous_answer: unknown;
  new_answer: unknown;
  /** How often this answer was changed since the page was opened, this change included. */
  change_count: number;
  /** Seconds of the present showing of the question. */
  time_spent_seconds: number;
  is_first_answer: boolean;
}

export type HappeningType = keyof HappeningData;

/** One thing that happened, ready to be reported for an attempt. */
export type Happening = {
  [Type in HappeningType]: {
    event_type: Type;
    severity: Severity;
    /** When it happened by this computer's clock: ISO 8601 in UTC, with milliseconds. */
    event_timestamp: string;
    event_data: HappeningData[Type];
    /** Only where the contract names it: the question that was shown, null when none was. */
    question_id?: number | null;
  };
}[HappeningType];

/** All types, for lists and legends. */
export const HAPPENING_TYPES = [
  'fullscreen_enter',
  'fullscreen_exit',
  'keyboard_blocked',
  'copy_paste_attempt',
  'developer_tools_attempt',
  'context_menu_blocked',
  'tab_switch',
  'window_blur',
  'window_focus',
  'answer_change',
] as const satisfies readonly HappeningType[];

/** An instant (milliseconds since 1970) as the contract writes it. */
export function instant(at: number): string {
  return new Date(at).toISOString();
}
