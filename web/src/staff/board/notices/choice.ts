/** How somebody wants to be told of news while he does not look; kept in this browser, off at first. */

export interface NoticeChoice {
  readonly sound: boolean;
  readonly desktop: boolean;
}

const KEY = 'oep.board.notices';
const OFF: NoticeChoice = { sound: false, desktop: false };

export function chosenNotices(storage: Pick<Storage, 'getItem'> = localStorage): NoticeChoice {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? '{}');
    const { sound, desktop } = (kept ?? {}) as Partial<Record<keyof NoticeChoice, unknown>>;
    return { sound: sound === true, desktop: desktop === true };
  } catch {
    return OFF;
  }
}

export function keepNotices(
  choice: NoticeChoice,
  storage: Pick<Storage, 'setItem'> = localStorage,
): void {
  storage.setItem(KEY, JSON.stringify(choice));
}

/** How to tell besides words on the board: only as chosen, on the desktop only to who does not look. */
export function waysOf(choice: NoticeChoice, isHidden: boolean): NoticeChoice {
  return { sound: choice.sound, desktop: choice.desktop && isHidden };
}
