import type { Api, ProctoringEvent } from '@oep/client';
import { expect, test } from 'vitest';
import { detailsOf, load } from './events';

function event(sequence: number): ProctoringEvent {
  return { id: 100 + sequence, sequence } as ProctoringEvent;
}

/** Answers as the route does: newest first, in pages; `grow` adds an event before each page. */
function api(count: number, grow = 0) {
  const asked: number[] = [];
  let last = count;
  const get = async (_: string, asking: { params: { query: { skip: number; limit: number } } }) => {
    const { skip, limit } = asking.params.query;
    asked.push(skip);
    last += grow;
    const all = Array.from({ length: last }, (_each, n) => event(last - n));
    return all.slice(skip, skip + limit);
  };
  return { asked, api: { get } as unknown as Pick<Api, 'get'> };
}

test('all pages are read and stand in the order of the chain', async () => {
  const { api: source, asked } = api(2_500);
  const { events, isCut } = await load(source, 1);
  expect(asked).toEqual([0, 1_000, 2_000]);
  expect(events.map((each) => each.sequence)).toEqual(
    Array.from({ length: 2_500 }, (_, n) => n + 1),
  );
  expect(isCut).toBe(false);
});

test('what comes while pages are read is neither lost nor doubled', async () => {
  const { api: source } = api(1_500, 3);
  const { events } = await load(source, 1);
  const numbers = events.map((each) => each.sequence);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.slice(0, 1_500)).toEqual(Array.from({ length: 1_500 }, (_, n) => n + 1));
});

test('later only the newest page is read, and nothing new is the same as before', async () => {
  const known = { events: [event(1), event(2)], isCut: false };
  const { api: source, asked } = api(4);
  expect((await load(source, 1, known)).events.map((each) => each.sequence)).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual([0]);
  expect(await load(api(2).api, 1, known)).toBe(known);
});

test('more than ten thousand are cut, and it is said', async () => {
  const { events, isCut } = await load(api(10_500).api, 1);
  expect([events.length, events[0]?.sequence, isCut]).toEqual([10_000, 501, true]);
});

test('what came with an event is told in words, the clock aside', () => {
  const told = { event_data: { key: 'F12', timestamp: 1, is_first_answer: true, n: { a: 1 } } };
  expect(detailsOf(told as unknown as ProctoringEvent)).toEqual([
    ['key', 'F12'],
    ['is first answer', 'true'],
    ['n', '{"a":1}'],
  ]);
});
