import { expect, test } from 'vitest';
import { type HeatMap, heatOf } from './heat';

const MAP: HeatMap = {
  begins_at: '2026-03-02T09:00:00Z',
  bucket_seconds: 60,
  bucket_count: 10,
  attempts: [
    {
      attempt_id: 7,
      cells: [
        [0, 1, 0],
        [1, 0, 1],
        [9, 2, 5],
      ],
    },
    { attempt_id: 8, cells: [] },
  ],
};

test('with room for all each bucket is a column', () => {
  const heat = heatOf(MAP, 24);
  expect(heat.columns).toHaveLength(10);
  expect(heat.columns[1]).toBe(Date.parse('2026-03-02T09:01:00Z'));
  expect(heat.rows[0]?.cells.map((cell) => cell.level)).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 4]);
});

test('with less room neighbours are added up and nothing is lost', () => {
  const heat = heatOf(MAP, 4);
  expect(heat.columns).toHaveLength(4);
  expect(heat.columnMs).toBe(180_000);
  expect(heat.rows[0]?.cells[0]).toEqual({ warnings: 1, violations: 1, level: 2 });
  expect(heat.rows[0]).toMatchObject({ attemptId: 7, warnings: 3, violations: 6 });
});

test('an attempt without a warning is a row of nothing', () => {
  expect(heatOf(MAP, 24).rows[1]?.cells.every((cell) => cell.level === 0)).toBe(true);
});

test('an exam without events has no columns', () => {
  const none = { ...MAP, begins_at: null, bucket_count: 0, attempts: [] };
  expect(heatOf(none, 24)).toMatchObject({ columns: [], rows: [] });
});

test('two to four violations are between one and five', () => {
  const map = {
    ...MAP,
    attempts: [
      {
        attempt_id: 1,
        cells: [
          [0, 0, 2],
          [1, 0, 4],
          [2, 9, 0],
        ],
      },
    ],
  };
  expect(
    heatOf(map, 10)
      .rows[0]?.cells.slice(0, 3)
      .map((cell) => cell.level),
  ).toEqual([3, 3, 1]);
});
