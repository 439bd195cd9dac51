import { describe, expect, it } from 'vitest';
import { Board } from './board';
import { Listing } from './listing';
import { delta, event, row, snapshot } from './samples';

function shown(...rows: ReturnType<typeof row>[]): { board: Board; listing: Listing } {
  const board = new Board();
  board.apply([snapshot(rows)]);
  const listing = new Listing(board, 9);
  listing.show();
  return { board, listing };
}

describe('the order on the screen', () => {
  it('follows the board while nobody points at it', () => {
    const { board, listing } = shown(row(1), row(2));
    board.apply([event(101, 2, 'violation', { violation: 1 })]);
    listing.update();
    expect(listing.ids).toEqual([2, 1]);
  });

  it('stays while it is held, and counts what waits and what of it is urgent', () => {
    const { board, listing } = shown(row(1), row(2), row(3));
    const before = listing.items;
    listing.hold();
    board.apply([
      event(101, 3, 'violation', { violation: 1 }),
      delta(102, 2, 'risk', { score: 3 }),
    ]);
    listing.update();
    expect(listing.items).toBe(before);
    expect(listing.waiting).toEqual({ moves: 2, urgent: 1 });
    listing.release();
    expect(listing.ids).toEqual([3, 2, 1]);
    expect(listing.waiting).toEqual({ moves: 0, urgent: 0 });
  });

  it('shows the first rows, wherever the pointer is', () => {
    const { board, listing } = shown();
    listing.hold();
    board.apply([snapshot([row(1), row(2)], 101)]);
    listing.update();
    expect(listing.ids).toEqual([1, 2]);
    expect(listing.waiting).toEqual({ moves: 0, urgent: 0 });
  });

  it('keeps a held row that the filter would let go, until what waits is shown', () => {
    const { board, listing } = shown(row(1), row(2));
    listing.choose({ status: 'in_progress' }, 'none');
    listing.hold();
    board.apply([delta(101, 1, 'status', { status: 'submitted' })]);
    listing.update();
    expect(listing.ids).toEqual([1, 2]);
    expect(listing.waiting.moves).toBe(1);
    listing.show();
    expect(listing.ids).toEqual([2]);
    expect(listing.isHeld).toBe(true);
  });

  it('gives the same lines when nothing but the inside of rows has changed', () => {
    const { board, listing } = shown(row(1), row(2));
    const before = listing.items;
    board.apply([delta(101, 1, 'progress', { questions_answered: 3 })]);
    listing.update();
    expect(listing.items).toBe(before);
  });
});

describe('groups', () => {
  const rows = [
    row(1, { center: 'Pune' }),
    row(2, { center: 'Agra' }),
    row(3, { center: 'Pune' }),
    row(4),
  ];

  it('stand under headings of their centers, incident-first in each', () => {
    const { board, listing } = shown(...rows);
    board.apply([event(101, 3, 'warning', { warning: 1 })]);
    listing.choose({}, 'center');
    expect(listing.items.map((item) => (item.kind === 'student' ? item.id : item.heading))).toEqual(
      ['', 4, 'Agra', 2, 'Pune', 3, 1],
    );
  });

  it('hide their students when they are closed, and still say how many there are', () => {
    const { listing } = shown(...rows);
    listing.choose({}, 'center');
    listing.toggle('Pune');
    expect(listing.items.at(-1)).toEqual({
      kind: 'heading',
      heading: 'Pune',
      count: 2,
      isOpen: false,
    });
  });

  it('by need are in the order of need', () => {
    const { listing } = shown(row(1), row(2, { is_online: false }), row(3, { status: 'graded' }));
    listing.choose({}, 'need');
    const headings = listing.items.filter((item) => item.kind === 'heading');
    expect(headings.map((item) => item.heading)).toEqual(['lost', 'works', 'over']);
  });
});
