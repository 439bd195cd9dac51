import type { ConnectionState, MonitorFrame, MonitorSocket } from '@oep/client';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useMonitor, useMonitorConnection, useOep } from '../../api';
import type { BoardFrame } from './model/frames';
import type { Pulse } from './model/pulse';
import { BUCKET_MS, BUCKETS } from './model/spark';
import { type Staleness, stalenessOf } from './staleness';
import { BoardStore, type Lines } from './store';
import { useSecond } from './ticks';

/** Frames that a board folds; the others say only that somebody is there. */
const FOLDED: ReadonlySet<string> = new Set(['snapshot', 'delta', 'resync', 'system_event']);
/** How often the server is asked for a sign of life: a cut cable is silent, not closed. */
const PROBE_MS = 2000;
/** What sparks are made of. */
const PULSE = { bucket_seconds: BUCKET_MS / 1000, bucket_count: BUCKETS };

export interface LiveBoard {
  readonly store: BoardStore;
  readonly socket: MonitorSocket | undefined;
  readonly connection: ConnectionState | undefined;
  /** When something last came, in ms of the server's clock. */
  readonly heardAt: () => number;
}

/** An exam's board and its socket, as long as the page is open. */
export function useBoard(examId: number, me: number): LiveBoard {
  const { api, clock } = useOep();
  const [store] = useState(() => new BoardStore(me));
  const heard = useRef(0);
  const socket = useMonitor(examId);
  const connection = useMonitorConnection(socket);

  useEffect(() => {
    const query = { live: true, limit: 1000 };
    const loadLive = () =>
      api
        .get('/api/v1/proctoring/exams/{exam_id}/actions', {
          params: { path: { exam_id: examId }, query },
        })
        .then((actions) => store.loadLive(actions))
        .catch(() => undefined); // deltas and the snapshot's counts say the same, less exactly
    let asked = 0;
    const loadPulse = () => {
      const mine = ++asked;
      const take = (pulse: Pulse | null) => mine === asked && store.loadPulse(pulse);
      return api
        .get('/api/v1/proctoring/exams/{exam_id}/pulse', {
          params: { path: { exam_id: examId }, query: PULSE },
        })
        .then(take)
        .catch(() => take(null)); // sparks begin empty, and say so
    };
    return socket?.onFrame((frame: MonitorFrame) => {
      heard.current = clock.now();
      if (FOLDED.has(frame.type)) store.take(frame as BoardFrame);
      if (frame.type === 'ping') store.isCurrentAt(Date.parse(frame.timestamp));
      if (frame.type !== 'snapshot') return;
      loadLive();
      loadPulse();
    });
  }, [socket, store, api, clock, examId]);

  useEffect(() => {
    const timer = setInterval(() => socket?.send({ type: 'time_sync' }), PROBE_MS);
    document.addEventListener('visibilitychange', store.flush);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', store.flush);
    };
  }, [socket, store]);

  return { store, socket, connection, heardAt: () => heard.current };
}

export function useLines(store: BoardStore): Lines {
  return useSyncExternalStore(store.onLines, store.lines);
}

/** How far the data can be trusted; renders anew each second. */
export function useStaleness({ store, connection, heardAt }: LiveBoard): Staleness {
  const { clock } = useOep();
  const freshness = useSyncExternalStore(store.onFreshness, store.freshness);
  useSecond();
  return stalenessOf(connection, freshness, heardAt(), clock.now());
}
