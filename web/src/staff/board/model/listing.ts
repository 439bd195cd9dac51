/**
 * What of a board is on the screen, in which order. While somebody's pointer or focus is in the list
 * it is *held*: rows keep their places, whatever happens in them, and what would have moved waits.
 */

import type { Board } from './board';
import { type Filter, type Grouping, headingOf, headingsInOrder, passes } from './filter';
import { movesBetween } from './moves';

/** A line of the list: a heading with how many are under it, or a student. */
export type Item =
  | {
      readonly kind: 'heading';
      readonly heading: string;
      readonly count: number;
      readonly isOpen: boolean;
    }
  | { readonly kind: 'student'; readonly id: number };

/** What waits for the list to be let go. */
export interface Waiting {
  /** Rows that would come, go or change places. */
  readonly moves: number;
  /** Of all students who may be shown, those who need somebody more than when the list was held. */
  readonly urgent: number;
}

const NOTHING: Waiting = { moves: 0, urgent: 0 };
const URGENT = 2; // waits, violation, lost

interface Shown {
  readonly ids: readonly number[];
  readonly headings: ReadonlyMap<number, string>;
  readonly needs: ReadonlyMap<number, number>;
}

export class Listing {
  #board: Board;
  #me: number;
  #filter: Filter = {};
  #grouping: Grouping = 'none';
  #closed = new Set<string>();
  #isHeld = false;
  #shown: Shown = { ids: [], headings: new Map(), needs: new Map() };
  #items: readonly Item[] = [];
  #waiting = NOTHING;

  /** `me` is the id of who looks. */
  constructor(board: Board, me: number) {
    this.#board = board;
    this.#me = me;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** Students in the order in which they are shown, also those under closed headings. */
  get ids(): readonly number[] {
    return this.#shown.ids;
  }

  get waiting(): Waiting {
    return this.#waiting;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get filter(): Filter {
    return this.#filter;
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  /** Shows something else: asked for, so it happens at once, held or not. */
  choose(filter: Filter, grouping: Grouping): void {
    if (grouping !== this.#grouping) this.#closed.clear();
    this.#filter = filter;
    this.#grouping = grouping;
    this.show();
  }

  /** Opens or closes what is under a heading. */
  toggle(heading: string): void {
    if (!this.#closed.delete(heading)) this.#closed.add(heading);
    this.#lay();
  }

  hold(): void {
    this.#isHeld = true;
  }

  /** Lets the rows go where they belong. */
  release(): void {
    this.#isHeld = false;
    this.show();
  }

  /** Shows what waits, and holds on. */
  show(): void {
    this.#shown = this.#wanted();
    this.#waiting = NOTHING;
    this.#lay();
  }

  /**
   * Looks at the board again: rows move, or it is counted how many would. In an empty list nothing
   * can jump, and the pointer may have been there before the first rows were.
   */
  update(): void {
    if (this.#isHeld && this.#shown.ids.length > 0) this.#count();
    else this.show();
  }

  #count(): void {
    const wanted = this.#wanted();
    const moves = movesBetween(this.#shown.ids, wanted.ids);
    this.#waiting = moves === 0 ? NOTHING : { moves, urgent: this.#urgent(wanted) };
  }

  #urgent(wanted: Shown): number {
    let count = 0;
    for (const [id, need] of wanted.needs) {
      if (need <= URGENT && need < (this.#shown.needs.get(id) ?? Number.POSITIVE_INFINITY)) count++;
    }
    return count;
  }

  #wanted(): Shown {
    const under = new Map<string, number[]>();
    const [headings, needs] = [new Map<number, string>(), new Map<number, number>()];
    for (const place of this.#board.order) {
      const id = place[5];
      const row = this.#board.student(id)?.row;
      if (!row || !passes(row, this.#filter, this.#me)) continue;
      const heading = headingOf(row, this.#grouping);
      const there = under.get(heading);
      if (there) there.push(id);
      else under.set(heading, [id]);
      headings.set(id, heading);
      needs.set(id, place[0]);
    }
    const ids = headingsInOrder(under.keys(), this.#grouping).flatMap(
      (each) => under.get(each) ?? [],
    );
    return { ids, headings, needs };
  }

  /** Makes the lines of what is shown; the same array when they are the same lines. */
  #lay(): void {
    const items = this.#grouping === 'none' ? this.#plain() : this.#grouped();
    const isSame =
      items.length === this.#items.length &&
      items.every((item, index) => isSameItem(item, this.#items[index]));
    if (!isSame) this.#items = items;
  }

  #plain(): Item[] {
    return this.#shown.ids.map((id) => ({ kind: 'student', id }));
  }

  #grouped(): Item[] {
    const counts = new Map<string, number>();
    for (const heading of this.#shown.headings.values()) {
      counts.set(heading, (counts.get(heading) ?? 0) + 1);
    }
    const items: Item[] = [];
    let last: string | undefined;
    for (const id of this.#shown.ids) {
      const heading = this.#shown.headings.get(id) ?? '';
      const isOpen = !this.#closed.has(heading);
      if (heading !== last) {
        items.push({ kind: 'heading', heading, count: counts.get(heading) ?? 0, isOpen });
      }
      if (isOpen) items.push({ kind: 'student', id });
      last = heading;
    }
    return items;
  }
}

function isSameItem(one: Item, other: Item | undefined): boolean {
  if (one.kind === 'student') return other?.kind === 'student' && one.id === other.id;
  return (
    other?.kind === 'heading' &&
    one.heading === other.heading &&
    one.count === other.count &&
    one.isOpen === other.isOpen
  );
}
