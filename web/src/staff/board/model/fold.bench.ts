/**
 * What a crowded exam costs: 5,000 students, and a second of 500 events, folded in 60 portions as the
 * screen's frames do. `npx vitest bench`; the budget of a frame is 16 ms.
 */

import { bench, describe } from 'vitest';
import { Board } from './board';
import { Listing } from './listing';
import { event, row, snapshot } from './samples';

const STUDENTS = 5000;
const board = new Board();
board.apply([snapshot(Array.from({ length: STUDENTS }, (_, index) => row(index + 1)))]);
const listing = new Listing(board, 9);
listing.show();
let sequence = 1000;

function portion(size: number) {
  return Array.from({ length: size }, () => {
    const id = 1 + ((sequence * 7919) % STUDENTS);
    const counts = board.student(id)?.row.counts;
    const at = new Date(1_770_000_000_000 + sequence * 2).toISOString();
    return event(sequence++, id, 'warning', { ...counts, warning: (counts?.warning ?? 0) + 1 }, at);
  });
}

describe('5,000 students', () => {
  bench('one frame of 500 events a second (9 events)', () => {
    board.apply(portion(9));
  });

  bench('the same with the order looked at', () => {
    board.apply(portion(9));
    listing.update();
  });

  bench('the same while the list is held', () => {
    listing.hold();
    board.apply(portion(9));
    listing.update();
    listing.release();
  });

  bench('a snapshot', () => {
    const fresh = new Board();
    fresh.apply([snapshot([...board.students()].map((student) => student.row))]);
  });
});
