import { expect, test, vi } from 'vitest';
import { part, patiently } from './part';

const broken = new Error('the file is gone');

test('a fetch that fails is repeated', async () => {
  const load = vi.fn().mockRejectedValueOnce(broken).mockResolvedValue('there');
  expect(await patiently(load, 0)).toBe('there');
  expect(load).toHaveBeenCalledTimes(2);
});

test('a fetch that fails again and again raises its reason', async () => {
  const load = vi.fn().mockRejectedValue(broken);
  await expect(patiently(load, 0)).rejects.toBe(broken);
  expect(load).toHaveBeenCalledTimes(4);
});

test('fetching before it is shown never raises', async () => {
  const load = vi.fn().mockRejectedValue(broken);
  await part(load, 0).fetchSoon();
  expect(load).toHaveBeenCalledTimes(1);
});
