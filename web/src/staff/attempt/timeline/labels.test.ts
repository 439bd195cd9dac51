import { describe, expect, it } from 'vitest';
import { labelled } from './labels';

const placed = (...instants: [string, number][]) =>
  labelled(
    instants.map(([name, x]) => ({ name, x })),
    1000,
  ).map(({ name, isLeft, row }) => [name, isLeft ? 'left' : 'right', row]);

describe('the names of instants', () => {
  it('stand to the right of their lines where there is room', () => {
    expect(placed(['Begun', 20], ['Submitted', 400], ['Deadline', 800])).toEqual([
      ['Begun', 'right', 0],
      ['Submitted', 'right', 0],
      ['Deadline', 'right', 0],
    ]);
  });

  it('give way to the left when the next line is near', () => {
    expect(placed(['Begun', 500], ['Submitted', 505])).toEqual([
      ['Begun', 'left', 0],
      ['Submitted', 'right', 0],
    ]);
  });

  it('go a row lower where both sides are taken', () => {
    expect(placed(['Begun', 3], ['Submitted', 6], ['Deadline', 9])).toEqual([
      ['Begun', 'right', 0],
      ['Submitted', 'right', 1],
      ['Deadline', 'right', 2],
    ]);
  });

  it('stay inside, in the order of their lines, and are left out with them', () => {
    expect(placed(['Deadline', 990], ['Submitted', 100], ['Begun', -1])).toEqual([
      ['Submitted', 'right', 0],
      ['Deadline', 'left', 0],
    ]);
  });

  it('never lie on each other, wherever the lines are', () => {
    for (let at = 0; at <= 1000; at += 7) {
      for (let by = 0; by <= 160; by += 5) {
        const labels = labelled(
          [
            { name: 'Begun', x: at },
            { name: 'Submitted', x: at + by },
            { name: 'Deadline', x: at + 2 * by },
          ],
          1000,
        );
        const boxes = labels.map(({ name, x, isLeft, row }) => {
          const long = name.length * 6.5 + 4;
          return { row, from: isLeft ? x - long : x, to: isLeft ? x : x + long };
        });
        const clashes = boxes.filter((one, i) =>
          boxes.some((other, j) => {
            return i < j && one.row === other.row && one.to > other.from && other.to > one.from;
          }),
        );
        expect(clashes, `${at} ${by}`).toEqual([]);
        expect(boxes.every(({ from, to }) => from >= -4 && to <= 1004)).toBe(true);
      }
    }
  });
});
