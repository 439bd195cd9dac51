import { describe, expect, it } from 'vitest';
import { Board } from './board';
import { delta, event, row, snapshot, systemEvent } from './samples';

function boardOf(...rows: ReturnType<typeof row>[]): Board {
  const board = new Board();
  board.apply([snapshot(rows)]);
  return board;
}

const order = (board: Board) => board.order.map((place) => place[5]);
const rowOf = (board: Board, id: number) => board.student(id)?.row;

describe('a board that is folded', () => {
  it('shows a snapshot with those first who need somebody', () => {
    const board = boardOf(
      row(1),
      row(2, { hand_raised_at: '2026-03-02T09:00:00Z' }),
      row(3, { is_online: false }),
      row(4, { counts: { info: 0, warning: 0, violation: 1 } }),
    );
    expect(order(board)).toEqual([2, 4, 3, 1]);
  });

  it('moves a student up when something happens to him, and leaves the others the same objects', () => {
    const board = boardOf(row(1), row(2), row(3));
    const other = board.student(1);
    const changes = board.apply([event(101, 3, 'violation', { violation: 1 })]);
    expect(order(board)).toEqual([3, 1, 2]);
    expect([...changes.ids]).toEqual([3]);
    expect(board.student(1)).toBe(other);
    expect(changes.news).toEqual([{ kind: 'violation', attemptId: 3, name: 'Student 3' }]);
  });

  it('passes over what the snapshot held already', () => {
    const board = boardOf(row(1, { status: 'submitted' }));
    const changes = board.apply([delta(100, 1, 'status', { status: 'in_progress' })]);
    expect(rowOf(board, 1)?.status).toBe('submitted');
    expect(changes.ids.size).toBe(0);
  });

  it('is not turned back by an event that the snapshot was ahead of', () => {
    const board = boardOf(row(1, { counts: { info: 3, warning: 1, violation: 0 } }));
    board.apply([event(101, 1, 'info', { info: 2, warning: 1 })]);
    expect(rowOf(board, 1)?.counts.info).toBe(3);
  });

  it('takes presence as a whole, with why it ended', () => {
    const board = boardOf(row(1));
    const ending = { code: 1006, reason: 'Connection lost', at: '2026-03-02T09:05:00Z' };
    const changes = board.apply([
      delta(101, 1, 'presence', { is_online: false, connection: 'offline', last_close: ending }),
    ]);
    expect(rowOf(board, 1)).toMatchObject({ connection: 'offline', last_close: ending });
    expect(changes.news[0]?.kind).toBe('lost');
  });

  it('takes status, pause, deadline, progress, risk, claim, hand and a finished transfer', () => {
    const board = boardOf(row(1));
    board.apply([
      delta(101, 1, 'status', { paused_at: '2026-03-02T09:01:00Z' }),
      delta(102, 1, 'deadline', { deadline_at: '2026-03-02T10:10:00Z' }),
      delta(103, 1, 'progress', { questions_answered: 4, total_questions: 20 }),
      delta(104, 1, 'risk', { score: 12 }),
      delta(105, 1, 'claim', { claimed_by_id: 9, claimed_by: 'lata', claimed_at: null }),
      delta(106, 1, 'hand', { is_raised: true, raised_at: '2026-03-02T09:02:00Z' }),
      delta(107, 1, 'transfer', { status: 'completed', to_workstation: 'W77' }),
    ]);
    expect(rowOf(board, 1)).toMatchObject({
      paused_at: '2026-03-02T09:01:00Z',
      deadline_at: '2026-03-02T10:10:00Z',
      questions_answered: 4,
      risk_score: 12,
      claimed_by: 'lata',
      hand_raised_at: '2026-03-02T09:02:00Z',
      workstation_id: 'W77',
    });
  });

  it('adds an attempt that is made meanwhile, once', () => {
    const board = boardOf(row(1));
    const late = row(7, { status: 'not_started', is_online: false });
    board.apply([delta(101, 7, 'created', { ...late }), delta(102, 7, 'created', { ...late })]);
    expect(order(board)).toEqual([1, 7]);
  });

  it('counts unread messages until a colleague has read them', () => {
    const board = boardOf(row(1, { unread_message_count: 1 }));
    board.apply([
      delta(101, 1, 'message', { id: 5, is_from_student: true }),
      delta(102, 1, 'message', { id: 6, is_from_student: false }),
    ]);
    expect(rowOf(board, 1)?.unread_message_count).toBe(2);
    board.apply([delta(103, 1, 'message', { up_to_id: 5, is_by_student: false })]);
    expect(rowOf(board, 1)?.unread_message_count).toBe(0);
    board.apply([delta(104, 1, 'message', { id: 5, is_from_student: true })]);
    expect(rowOf(board, 1)?.unread_message_count).toBe(0);
  });

  it('keeps actions that are not acknowledged by their number, however they are told', () => {
    const board = boardOf(row(1));
    const asked = { id: 4, action: 'extend', seconds: 300 };
    board.apply([delta(101, 1, 'action', asked)]);
    board.loadLive([{ id: 4, attempt_id: 1, action: 'extend', seconds: 300 }]);
    expect(board.student(1)?.live).toEqual([{ ...asked, attempt_id: 1 }]);
    board.apply([delta(102, 1, 'action', { id: 4, acknowledged_at: '2026-03-02T09:03:00Z' })]);
    board.loadLive([{ id: 4, attempt_id: 1, action: 'extend', seconds: 300 }]);
    expect(board.student(1)?.live).toEqual([]);
  });

  it('starts over after a resync, and puts events that were missed where the last of them was', () => {
    const board = boardOf(row(1), row(2));
    board.apply([
      { type: 'resync', reason: 'history gone', position: { sequence: 900, epoch: 'b' } },
    ]);
    expect(board.freshness.isStartingOver).toBe(true);
    const last = {
      event_type: 'blur',
      severity: 'warning',
      received_at: '2026-03-02T09:10:00Z',
      late: false,
    } as const;
    const counts = { info: 0, warning: 3, violation: 0 };
    board.apply([snapshot([row(2, { counts, last_event: last })], 900, 'b')]);
    expect(board.freshness.isStartingOver).toBe(false);
    expect(order(board)).toEqual([2]);
    expect(board.student(2)?.spark.counts.at(-1)).toBe(3);
  });

  it('says since when the server is behind, and how new the data are', () => {
    const board = boardOf(row(1));
    board.apply([systemEvent('feed_stale', '2026-03-02T09:00:10Z')]);
    board.isCurrentAt(Date.parse('2026-03-02T09:00:20Z'));
    expect(board.freshness).toMatchObject({
      asOf: Date.parse('2026-03-02T09:00:00Z'),
      staleSince: Date.parse('2026-03-02T09:00:10Z'),
    });
    board.apply([systemEvent('feed_current', '2026-03-02T09:00:30Z')]);
    board.isCurrentAt(Date.parse('2026-03-02T09:00:31Z'));
    expect(board.freshness).toMatchObject({
      asOf: Date.parse('2026-03-02T09:00:31Z'),
      staleSince: null,
    });
  });

  it('keeps its order under a thousand random deltas as if it had been sorted anew', () => {
    const board = boardOf(...Array.from({ length: 60 }, (_, i) => row(i + 1)));
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed % below;
    };
    for (let sequence = 101; sequence < 1101; sequence++) {
      const id = 1 + next(60);
      const counts = rowOf(board, id)?.counts ?? { info: 0, warning: 0, violation: 0 };
      const deltas = [
        event(sequence, id, 'warning', { ...counts, warning: counts.warning + 1 }),
        delta(sequence, id, 'presence', { is_online: next(2) === 0 }),
        delta(sequence, id, 'risk', { score: next(100) }),
        delta(sequence, id, 'hand', { is_raised: next(2) === 0, raised_at: 'now' }),
      ];
      board.apply([deltas[next(4)] ?? event(sequence, id, 'info', counts)]);
    }
    const fresh = boardOf(...[...board.students()].map((student) => student.row));
    expect(order(board)).toEqual(order(fresh));
  });
});
