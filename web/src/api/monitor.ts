import { type BoardView, type ConnectionState, MonitorSocket } from '@oep/client';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useOep } from './Oep';

/**
 * A board's socket, open as long as the page is; another `view` turns it to another window. Frames
 * are for a model outside of React: `useEffect(() => socket?.onFrame(model.take), [socket])`.
 */
export function useMonitor(examId: number, view?: BoardView): MonitorSocket | undefined {
  const { login, clock } = useOep();
  const [socket, setSocket] = useState<MonitorSocket>();
  const isWindow = view !== undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another view does not open another socket
  useEffect(() => {
    const opened = new MonitorSocket({ login, clock, examId, ...(view && { view }) });
    setSocket(opened);
    return () => opened.close();
  }, [login, clock, examId, isWindow]);

  // The socket is opened by who listens, or its first frames would be missed: after this render.
  useEffect(() => socket?.open(), [socket]);
  useEffect(() => {
    if (view) socket?.show(view);
  }, [socket, view]);
  return socket;
}

/** How a board's socket is; `undefined` before there is one. */
export function useMonitorConnection(
  socket: MonitorSocket | undefined,
): ConnectionState | undefined {
  return useSyncExternalStore(
    (changed) => socket?.onConnection(changed) ?? (() => undefined),
    () => socket?.connection,
  );
}
