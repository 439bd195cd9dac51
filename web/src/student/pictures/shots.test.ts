import type { Picture } from '@oep/client/snapshots';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EVERY_MS, FIRST_MS, fitted, shootOn, within } from './shots';

const PICTURE = {} as Picture;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('the first picture is taken when the camera is used to the light, the next ones about every half minute, until the end', async () => {
  const take = vi.fn();
  const stop = shootOn({ shoot: async () => PICTURE, take, random: () => 0.5 });
  await vi.advanceTimersByTimeAsync(FIRST_MS - 1);
  expect(take).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(take).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(3 * EVERY_MS);
  expect(take).toHaveBeenCalledTimes(4);
  stop();
  await vi.advanceTimersByTimeAsync(10 * EVERY_MS);
  expect(take).toHaveBeenCalledTimes(4);
  expect(vi.getTimerCount()).toBe(0);
});

test('those who began together do not take pictures together', async () => {
  const times = [0, 1].map((chance) => {
    const take = vi.fn(() => void at.push(Date.now()));
    const at: number[] = [];
    shootOn({ shoot: async () => PICTURE, take, random: () => chance });
    return at;
  });
  await vi.advanceTimersByTimeAsync(1.3 * EVERY_MS);
  expect(times.map(([first = 0, second = 0]) => second - first)).toEqual([
    0.8 * EVERY_MS,
    1.2 * EVERY_MS,
  ]);
});

test('a camera that gives no picture is asked again; one that comes after the end is not taken', async () => {
  const take = vi.fn();
  let give: (picture: Picture) => void = () => undefined;
  const shoot = vi
    .fn<() => Promise<Picture>>()
    .mockRejectedValueOnce(new Error('black'))
    .mockImplementation(
      () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    );
  const stop = shootOn({ shoot, take, random: () => 0.5 });
  await vi.advanceTimersByTimeAsync(FIRST_MS + EVERY_MS);
  expect(shoot).toHaveBeenCalledTimes(2);
  stop();
  give(PICTURE);
  await vi.advanceTimersByTimeAsync(2 * EVERY_MS);
  expect(take).not.toHaveBeenCalled();
  expect(shoot).toHaveBeenCalledTimes(2);
});

test('a picture is made smaller until it is small enough, or is none', async () => {
  const sizes = [900, 600, 80];
  const makings: number[] = [];
  const make = async ({ side }: { side: number }) => {
    makings.push(side);
    return new Blob(['x'.repeat(sizes[makings.length - 1] ?? 0)]);
  };
  expect((await within(100, make)).size).toBe(80);
  expect(makings).toEqual([640, 640, 320]);
  await expect(within(100, async () => null)).rejects.toThrow();
  await expect(within(100, async () => new Blob())).rejects.toThrow();
});

test('a picture keeps its form and never grows', () => {
  expect(fitted(1280, 720, 640)).toEqual([640, 360]);
  expect(fitted(480, 640, 320)).toEqual([240, 320]);
  expect(fitted(320, 240, 640)).toEqual([320, 240]);
});
