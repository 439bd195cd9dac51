import { expect, test } from 'vitest';
import { RoomShelf } from '../src/kept_room';
import type { AttemptWithProgress, ExamWithQuestions } from '../src/shapes';
import { openStore } from '../src/store';
import { ANNA, BALA } from './stubs';

const DAY_MS = 24 * 3600 * 1000;
const EXAM = { id: 3, title: 'Rivers' } as ExamWithQuestions;
const attempt = (id: number) => ({ id, exam_id: EXAM.id }) as AttemptWithProgress;

let names = 0;

/** A shelf of this device; `later` moves its clock on. */
async function shelf() {
  const store = await openStore(`rooms-${names++}`);
  let now = Date.parse('2026-03-02T09:00:00Z');
  const rooms = new RoomShelf(
    async () => store,
    () => now,
  );
  const later = (ms: number) => {
    now += ms;
  };
  return { rooms, later, store };
}

test('a room is given back to its user as it was kept last', async () => {
  const { rooms } = await shelf();
  await rooms.put(ANNA.id, attempt(1), EXAM, { deadlineAt: 5 });
  await rooms.put(ANNA.id, attempt(1), EXAM, { deadlineAt: 9 });
  const kept = await rooms.get(ANNA.id, 1);
  expect([kept?.attempt.id, kept?.exam.title, kept?.notes]).toEqual([
    1,
    'Rivers',
    { deadlineAt: 9 },
  ]);
  expect(await rooms.get(BALA.id, 1)).toBeUndefined();
  expect(await rooms.get(ANNA.id, 2)).toBeUndefined();
});

test('what is over is forgotten alone; who leaves the device leaves nothing of his on it', async () => {
  const { rooms } = await shelf();
  for (const id of [1, 2, 3]) await rooms.put(ANNA.id, attempt(id), EXAM, null);
  await rooms.put(BALA.id, attempt(4), EXAM, null);
  await rooms.forget(ANNA.id, 2);
  expect(
    await Promise.all([1, 2, 3].map(async (id) => (await rooms.get(ANNA.id, id))?.attempt.id)),
  ).toEqual([1, undefined, 3]);
  await rooms.forgetAll(ANNA.id);
  expect(await rooms.get(ANNA.id, 1)).toBeUndefined();
  expect(await rooms.get(ANNA.id, 3)).toBeUndefined();
  expect((await rooms.get(BALA.id, 4))?.attempt.id).toBe(4);
});

test('nobody is shown the room of another whose number begins like his', async () => {
  const { rooms } = await shelf();
  await rooms.put(71, attempt(1), EXAM, null);
  await rooms.forgetAll(7);
  expect((await rooms.get(71, 1))?.attempt.id).toBe(1);
});

test('after a day a room is no longer shown, and the next one that is kept drops it', async () => {
  const { rooms, later, store } = await shelf();
  await rooms.put(ANNA.id, attempt(1), EXAM, null);
  later(DAY_MS);
  expect((await rooms.get(ANNA.id, 1))?.attempt.id).toBe(1);
  later(1);
  expect(await rooms.get(ANNA.id, 1)).toBeUndefined();
  await rooms.put(ANNA.id, attempt(2), EXAM, null);
  expect(await store.getAllKeys('rooms')).toEqual([`${ANNA.id}/2`]);
});

test('a database that cannot be opened is like an empty one', async () => {
  const rooms = new RoomShelf(() => Promise.reject(new Error('private window')));
  await rooms.put(ANNA.id, attempt(1), EXAM, null);
  expect(await rooms.get(ANNA.id, 1)).toBeUndefined();
  await rooms.forgetAll(ANNA.id);
});
