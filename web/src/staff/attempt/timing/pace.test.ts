import { expect, test } from 'vitest';
import { barsOf, type Pace } from './pace';

function pace(question_id: number, seconds: number, quartiles?: [number, number, number]): Pace {
  const [lower_quartile, median, upper_quartile] = quartiles ?? [0, 0, 0];
  return {
    question_id,
    total_time_seconds: seconds,
    answer_count: 1,
    class_pace: quartiles ? { student_count: 9, lower_quartile, median, upper_quartile } : null,
    times_median: null,
    pace: quartiles ? 'usual' : null,
  };
}

test('all bars share one scale with room for the class’s upper quartile', () => {
  const { bars, end } = barsOf([pace(1, 40, [20, 40, 80]), pace(2, 10, [5, 10, 15])]);
  expect(end).toBe(100);
  expect(bars[0]).toMatchObject({
    own: 0.4,
    box: { from: 0.2, median: 0.4, to: 0.8 },
    pace: 'usual',
  });
});

test('below five students there is no class to stand beside', () => {
  expect(barsOf([pace(1, 40)]).bars[0]).toMatchObject({ box: undefined, pace: undefined });
});

test('one question left open for an hour ends at the edge and says so', () => {
  const usual = Array.from({ length: 19 }, (_, n) => pace(n, 30, [20, 30, 40]));
  const { bars, end } = barsOf([...usual, pace(99, 3_600, [20, 30, 40])]);
  expect(end).toBe(50);
  expect(bars.at(-1)).toMatchObject({ own: 1, isBeyond: true });
});

test('nothing recorded is no bar, and no time divides by nothing', () => {
  expect(barsOf([])).toEqual({ bars: [], end: 1 });
  expect(barsOf([pace(1, 0)]).bars[0]?.own).toBe(0);
});
