import { describe, expect, it } from 'vitest';
import type { Clockwork } from './model/pace';
import { delta, event, row, snapshot } from './model/samples';
import { BoardStore } from './store';

/** A store whose frames of the screen and timers the test runs by hand. */
function opened(...rows: ReturnType<typeof row>[]) {
  const due: (() => void)[] = [];
  const state = { now: 0 };
  const clockwork: Clockwork = {
    now: () => state.now,
    isHidden: () => false,
    onFrame: (run) => due.push(run),
    after: (run) => due.push(run),
  };
  const run = (milliseconds = 1000) => {
    state.now += milliseconds;
    for (const each of due.splice(0)) each();
  };
  const store = new BoardStore(9, clockwork);
  store.take(snapshot(rows));
  run();
  return { store, run };
}

describe('the store of a board', () => {
  it('tells a row that it has changed, and no other row', () => {
    const { store, run } = opened(row(1), row(2));
    const told: number[] = [];
    for (const id of [1, 2]) store.onRow(id, () => told.push(id));
    store.take(delta(101, 2, 'progress', { questions_answered: 1 }));
    store.take(delta(102, 2, 'progress', { questions_answered: 2 }));
    expect(told).toEqual([]);
    run();
    expect(told).toEqual([2]);
  });

  it('leaves the lines the same object when only the inside of a row has changed', () => {
    const { store, run } = opened(row(1), row(2));
    const before = store.lines();
    store.take(delta(101, 2, 'progress', { questions_answered: 1 }));
    run();
    expect(store.lines()).toBe(before);
  });

  it('reorders at most every 250 ms', () => {
    const { store, run } = opened(row(1), row(2), row(3));
    store.take(event(101, 2, 'warning', { warning: 1 }));
    run();
    store.take(event(102, 3, 'violation', { violation: 1 }));
    run(16);
    const first = () => store.lines().items[0];
    expect(first()).toEqual({ kind: 'student', id: 2 });
    run(250);
    expect(first()).toEqual({ kind: 'student', id: 3 });
  });

  it('counts who needs what, and who is shown', () => {
    const { store, run } = opened(
      row(1),
      row(2, { is_online: false }),
      row(3, { status: 'graded' }),
    );
    store.choose({ need: 'lost' }, 'none');
    run();
    expect(store.lines()).toMatchObject({
      size: 3,
      shown: 1,
      needs: { lost: 1, works: 1, over: 1 },
    });
  });

  it('lists the centers of its students', () => {
    const { store } = opened(row(1, { center: 'Pune' }), row(2, { center: 'Agra' }), row(3));
    expect(store.lines().centers).toEqual(['Agra', 'Pune']);
  });

  it('says that somebody talked, to who shows that chat', () => {
    const { store, run } = opened(row(1), row(2));
    let heard = 0;
    const off = store.onTalk(1, () => heard++);
    store.take(delta(101, 1, 'message', { id: 1, is_from_student: true }));
    store.take(delta(102, 2, 'message', { id: 2, is_from_student: true }));
    run();
    off();
    store.take(delta(103, 1, 'message', { id: 3, is_from_student: true }));
    run();
    expect(heard).toBe(1);
  });

  it('fills sparks behind the snapshot that asked for them, also before that was folded', () => {
    const { store, run } = opened(row(1));
    const at = '2026-03-02T12:00:00Z';
    store.take(snapshot([row(2, { counts: { info: 3, warning: 0, violation: 0 } })], 900, 'b'));
    const attempts = [{ attempt_id: 2, event_count: 3, cells: [[4, 3, 0]] as const }];
    store.loadPulse({ begins_at: at, is_whole: true, attempts });
    run();
    expect(store.student(2)?.spark.counts[4]).toBe(3);
    expect(store.lines().eventsSince).toBe(Date.parse(at));
  });
});
