import type { BoardRow } from '@oep/client';
import { useEffect, useState } from 'react';
import { useMonitor } from '../../api';

/** Watches one student's row of the exam's board and hands it on; draws nothing itself. */
export function LiveRow(props: {
  examId: number;
  attemptId: number;
  /** Part of the name or the hall ticket: a window of the board that holds this student's row. */
  search: string;
  onRow: (row: BoardRow) => void;
}) {
  const { examId, attemptId, search, onRow } = props;
  const [view] = useState({ offset: 0, limit: 50, filter: { search } });
  const socket = useMonitor(examId, view);
  useEffect(
    () =>
      socket?.onFrame((frame) => {
        if (frame.type !== 'page' && frame.type !== 'changes') return;
        const row = frame.attempts.find((each) => each.attempt_id === attemptId);
        if (row) onRow(row);
      }),
    [socket, attemptId, onRow],
  );
  return null;
}
