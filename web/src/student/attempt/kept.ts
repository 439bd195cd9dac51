/**
 * An open attempt as this device has kept it, for a page that comes up while nothing can be reached: its
 * attempt and exam, and its time as it was last told. The skew of this computer's clock lies with the
 * login, in the tab.
 */

import {
  forgetSnapshots,
  type KeptRoom,
  type LoginKeeper,
  Refusal,
  RoomShelf,
  type ServerClock,
  Unreachable,
} from '@oep/client';
import type { Time } from '../room/time';

export const shelf = new RoomShelf();

const SKEW = 'oep.skew';

/** Whether nobody could be asked, in contrast to a refusal. */
export function isCut(failure: unknown): boolean {
  return failure instanceof Unreachable || (failure instanceof Refusal && failure.isPassing);
}

/** The time that was kept with a room; undefined when it is none. */
export function timeOf(kept: KeptRoom | undefined): Time | undefined {
  const notes = kept?.notes;
  if (typeof notes !== 'object' || notes === null || Array.isArray(notes)) return undefined;
  const { deadlineAt, pausedSeconds } = notes;
  const isTime =
    typeof deadlineAt === 'number' && (pausedSeconds === null || typeof pausedSeconds === 'number');
  return isTime ? { deadlineAt, pausedSeconds } : undefined;
}

/** Lets the clock of a page that is loaded again go on where it was, also without a line. */
export function keepSkew(clock: ServerClock): () => void {
  const kept = sessionStorage.getItem(SKEW);
  if (kept !== null) clock.assume(Number(kept));
  return clock.onChange(() => {
    if (clock.skewMs !== undefined) sessionStorage.setItem(SKEW, String(clock.skewMs));
  });
}

/** Drops the rooms and pictures of a user that lie here. */
function forgetAllOf(userId: number): void {
  void shelf.forgetAll(userId);
  void forgetSnapshots(userId);
}

/** Leaves no exam behind of who signs out; a login that only ended comes back to its exam. */
export function forgetWithLogin(
  keeper: Pick<LoginKeeper, 'user' | 'onChange'>,
  forgetAll: (userId: number) => void = forgetAllOf,
): () => void {
  let last = keeper.user?.id;
  return keeper.onChange(({ login, end }) => {
    if (end === 'signed_out' && last !== undefined) forgetAll(last);
    last = login?.user.id;
  });
}
