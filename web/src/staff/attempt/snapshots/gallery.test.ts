import { expect, test } from 'vitest';
import { beside, isSame, load, type Snapshot } from './gallery';

/** A platform that has so many pictures, each behind an event of every third number. */
function platform(count: number) {
  const asked: number[] = [];
  const get = async (_: string, { params }: { params: { query: { after_sequence: number } } }) => {
    const { after_sequence } = params.query;
    asked.push(after_sequence);
    const all = Array.from({ length: count }, (_, index) => ({ sequence: 3 * (index + 1) }));
    return all.filter(({ sequence }) => sequence > after_sequence).slice(0, 100);
  };
  return { api: { get } as unknown as Parameters<typeof load>[0], asked };
}

test('all pictures are read, page by page; an attempt without any has none', async () => {
  const { api, asked } = platform(230);
  expect((await load(api, 41)).length).toBe(230);
  expect(asked).toEqual([0, 300, 600]);
  expect(await load(platform(0).api, 41)).toEqual([]);
  expect((await load(platform(100).api, 41)).length).toBe(100);
});

test('later only what is new is read, and nothing new is the same list', async () => {
  const known = await load(platform(2).api, 41);
  const { api, asked } = platform(3);
  expect((await load(api, 41, known)).map(({ sequence }) => sequence)).toEqual([3, 6, 9]);
  expect(asked).toEqual([6]);
  expect(await load(platform(2).api, 41, known as Snapshot[])).toBe(known);
});

test('a picture is held against its hash', async () => {
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(await isSame(new Blob(['abc']), sha256)).toBe(true);
  expect(await isSame(new Blob(['abd']), sha256)).toBe(false);
});

test('the first has nothing before it, the last nothing behind it', () => {
  expect([beside(0, -1, 3), beside(0, 1, 3), beside(2, 1, 3)]).toEqual([0, 1, 2]);
});
