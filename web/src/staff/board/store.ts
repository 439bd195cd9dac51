/**
 * The board behind the page: takes what the socket says, folds it once per frame of the screen, and
 * tells those parts of the page that show what has changed. React only looks at it.
 */

import type { Unsubscribe } from '@oep/client';
import type { LiveAction } from './model/attention';
import { Board, type Changes, type Freshness, type Student } from './model/board';
import { centerOf, type Filter, type Grouping } from './model/filter';
import type { BoardFrame } from './model/frames';
import { type Item, Listing, type Waiting } from './model/listing';
import type { News } from './model/news';
import { NEEDS, type Need } from './model/order';
import { BROWSER, type Clockwork, Pace, Throttle } from './model/pace';
import type { Pulse } from './model/pulse';

/** How often rows may go to other places. */
const ORDER_MS = 250;

/** What the list and the bars above it show; another object whenever one of it is another one. */
export interface Lines {
  readonly items: readonly Item[];
  readonly waiting: Waiting;
  readonly isHeld: boolean;
  readonly filter: Filter;
  readonly grouping: Grouping;
  /** Of all students, whatever the filter. */
  readonly needs: Readonly<Record<Need, number>>;
  readonly size: number;
  /** Students whom the filter lets through. */
  readonly shown: number;
  readonly centers: readonly string[];
  /** Since when all events are known (ms of the server's clock). */
  readonly eventsSince: number | null;
}

export class BoardStore {
  readonly board = new Board();
  readonly #listing: Listing;
  readonly #pace: Pace<BoardFrame>;
  readonly #order: Throttle;
  readonly #rows = new Map<number, Set<() => void>>();
  readonly #onLines = new Set<() => void>();
  readonly #onFreshness = new Set<() => void>();
  readonly #onNews = new Set<(news: readonly News[]) => void>();
  readonly #onTalk = new Map<number, Set<() => void>>();
  #lines: Lines;
  #freshness: Freshness;

  /** `me` is the id of who looks. */
  constructor(me: number, clockwork: Clockwork = BROWSER) {
    this.#listing = new Listing(this.board, me);
    this.#pace = new Pace((frames) => this.#apply(frames), clockwork);
    this.#order = new Throttle(() => this.#reorder(), ORDER_MS, clockwork);
    this.#lines = this.#look([]);
    this.#freshness = this.board.freshness;
  }

  /** Takes a frame; it is folded with the next frame of the screen. */
  take = (frame: BoardFrame): void => this.#pace.put(frame);

  /** Folds at once what waits: for a page that is being hidden. */
  flush = (): void => this.#pace.flush();

  loadLive(actions: readonly LiveAction[]): void {
    this.#tell(this.board.loadLive(actions));
  }

  /** Takes the pulse that the last snapshot made somebody ask for; null when there is none. */
  loadPulse(pulse: Pulse | null): void {
    this.flush(); // that snapshot, and what came behind it
    this.#tell(this.board.loadPulse(pulse));
  }

  /** The server has said that nothing is missing up to an instant (ms of its clock). */
  isCurrentAt(at: number): void {
    this.board.isCurrentAt(at);
    this.#sayFreshness();
  }

  lines = (): Lines => this.#lines;
  freshness = (): Freshness => this.#freshness;
  student = (id: number): Student | undefined => this.board.student(id);

  choose(filter: Filter, grouping: Grouping): void {
    this.#change(() => this.#listing.choose(filter, grouping));
  }

  toggle(heading: string): void {
    this.#change(() => this.#listing.toggle(heading));
  }

  hold(): void {
    if (!this.#listing.isHeld) this.#change(() => this.#listing.hold());
  }

  release(): void {
    if (this.#listing.isHeld) this.#change(() => this.#listing.release());
  }

  showWaiting(): void {
    this.#change(() => this.#listing.show());
  }

  onRow(id: number, listener: () => void): Unsubscribe {
    return joined(this.#rows, id, listener);
  }

  onLines = (listener: () => void): Unsubscribe => added(this.#onLines, listener);
  onFreshness = (listener: () => void): Unsubscribe => added(this.#onFreshness, listener);
  onNews = (listener: (news: readonly News[]) => void): Unsubscribe =>
    added(this.#onNews, listener);

  /** Hears that something was said or read in the chat of an attempt. */
  onTalk(id: number, listener: () => void): Unsubscribe {
    return joined(this.#onTalk, id, listener);
  }

  #apply(frames: readonly BoardFrame[]): void {
    this.#tell(this.board.apply(frames));
    for (const frame of frames) {
      if (frame.type === 'delta' && frame.kind === 'message') {
        for (const listener of this.#onTalk.get(frame.attempt_id) ?? []) listener();
      }
    }
  }

  #tell(changes: Changes): void {
    if (this.#rows.size > 0) {
      for (const id of changes.ids) for (const listener of this.#rows.get(id) ?? []) listener();
    }
    if (changes.isMoved) this.#order.due();
    if (changes.news.length > 0) for (const listener of this.#onNews) listener(changes.news);
    this.#sayFreshness();
  }

  #sayFreshness(): void {
    if (this.#freshness === this.board.freshness) return;
    this.#freshness = this.board.freshness;
    for (const listener of this.#onFreshness) listener();
  }

  #reorder(): void {
    this.#change(() => this.#listing.update());
  }

  #change(deed: () => void): void {
    deed();
    const next = this.#look(this.#lines.centers);
    if (isSame(this.#lines, next)) return;
    this.#lines = next;
    for (const listener of this.#onLines) listener();
  }

  #look(centers: readonly string[]): Lines {
    const { items, waiting, isHeld, filter, grouping, ids } = this.#listing;
    const size = this.board.size;
    return {
      items,
      waiting,
      isHeld,
      filter,
      grouping,
      needs: this.#needs(),
      size,
      shown: ids.length,
      centers: this.#lines?.size === size ? centers : this.#centers(),
      eventsSince: this.board.eventsSince,
    };
  }

  #needs(): Record<Need, number> {
    const counts = NEEDS.map(() => 0);
    for (const [need] of this.board.order) counts[need] = (counts[need] ?? 0) + 1;
    return Object.fromEntries(NEEDS.map((need, index) => [need, counts[index] ?? 0])) as Record<
      Need,
      number
    >;
  }

  #centers(): string[] {
    const found = new Set([...this.board.students()].map(({ row }) => centerOf(row)));
    found.delete('');
    return [...found].sort((one, other) => one.localeCompare(other));
  }
}

function isSame(one: Lines, other: Lines): boolean {
  return (
    one.items === other.items &&
    one.waiting.moves === other.waiting.moves &&
    one.waiting.urgent === other.waiting.urgent &&
    one.isHeld === other.isHeld &&
    one.filter === other.filter &&
    one.grouping === other.grouping &&
    one.size === other.size &&
    one.shown === other.shown &&
    one.eventsSince === other.eventsSince &&
    NEEDS.every((need) => one.needs[need] === other.needs[need])
  );
}

function added<T>(listeners: Set<T>, listener: T): Unsubscribe {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function joined(by: Map<number, Set<() => void>>, id: number, listener: () => void): Unsubscribe {
  const listeners = by.get(id) ?? new Set();
  by.set(id, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && by.get(id) === listeners) by.delete(id);
  };
}
