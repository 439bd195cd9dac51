import {
  type AnswerView,
  type AttemptFrame,
  type AttemptSocket,
  type BookSummary,
  type ConnectionState,
  type EventReporter,
  type Json,
  openRoom,
  type ReporterState,
  type Room,
  type ServerClock,
} from '@oep/client';
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { useOep } from './Oep';

const Context = createContext<Room | undefined>(undefined);

/** The exam room of one attempt for the pages below; `children` come when it is open. */
export function RoomProvider(props: {
  attemptId: number;
  /** While it opens. */
  opening: ReactNode;
  /** When this browser keeps nothing, or the platform could not be asked. */
  failed: (error: Error, again: () => void) => ReactNode;
  children: ReactNode;
}) {
  const { attemptId, opening, failed, children } = props;
  const { login, clock } = useOep();
  const [tries, setTries] = useState(0);
  const [room, setRoom] = useState<Room>();
  const [error, setError] = useState<Error>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try is another opening
  useEffect(() => {
    let isWanted = true;
    let opened: Room | undefined;
    setError(undefined);
    openRoom({ login, clock, attemptId }).then(
      (found) => {
        opened = found;
        if (isWanted) setRoom(found);
        else found.close();
      },
      (cause: Error) => {
        if (isWanted) setError(cause);
      },
    );
    return () => {
      isWanted = false;
      opened?.close();
      setRoom(undefined);
    };
  }, [login, clock, attemptId, tries]);

  if (error) return failed(error, () => setTries((count) => count + 1));
  if (!room) return opening;
  return <Context value={room}>{children}</Context>;
}

export function useRoom(): Room {
  const room = use(Context);
  if (!room) throw new Error('no RoomProvider above');
  return room;
}

export function useAttemptSocket(): AttemptSocket {
  return useRoom().socket;
}

export function useReporter(): EventReporter {
  return useRoom().reporter;
}

export function useServerClock(): ServerClock {
  return useRoom().clock;
}

/** How the socket is; renders anew when that changes. */
export function useConnection(): ConnectionState {
  const { socket } = useRoom();
  return useSyncExternalStore(
    (changed) => socket.onConnection(changed),
    () => socket.connection,
  );
}

/** One answer and what can be done with it; renders anew when this answer changes. */
export function useAnswer(questionId: number): AnswerView & {
  readonly write: (value: Json) => void;
  readonly flag: (isFlagged: boolean) => void;
} {
  const { answers } = useRoom();
  const view = useSyncExternalStore(
    useCallback(
      (changed: () => void) =>
        answers.onChange((id) => {
          if (id === questionId) changed();
        }),
      [answers, questionId],
    ),
    () => answers.get(questionId),
  );
  const write = useCallback(
    (value: Json) => answers.write(questionId, value),
    [answers, questionId],
  );
  const flag = useCallback(
    (isFlagged: boolean) => answers.flag(questionId, isFlagged),
    [answers, questionId],
  );
  return { ...view, write, flag };
}

/** How all answers stand. */
export function useBookSummary(): BookSummary {
  const { answers } = useRoom();
  return useSyncExternalStore(
    (changed) => answers.onChange(changed),
    () => answers.summary,
  );
}

/** How many events wait. */
export function useReporterState(): ReporterState {
  const { reporter } = useRoom();
  return useSyncExternalStore(
    (changed) => reporter.onChange(changed),
    () => reporter.state,
  );
}

/** Calls `handle` for each frame of a type, with the newest `handle`. */
export function useFrame<T extends AttemptFrame['type']>(
  type: T,
  handle: (frame: Extract<AttemptFrame, { type: T }>) => void,
): void {
  const { socket } = useRoom();
  const newest = useRef(handle);
  useEffect(() => {
    newest.current = handle;
  });
  useEffect(() => socket.on(type, (frame) => newest.current(frame)), [socket, type]);
}

/** Whole seconds until an instant by the server's clock; renders anew each second. */
export function useRemainingSeconds(deadlineAt: string | null): number | undefined {
  const clock = useServerClock();
  const read = () => (deadlineAt === null ? undefined : clock.remainingSeconds(deadlineAt));
  const [seconds, setSeconds] = useState(read);
  useEffect(() => {
    const tick = () =>
      setSeconds(deadlineAt === null ? undefined : clock.remainingSeconds(deadlineAt));
    tick();
    const timer = setInterval(tick, 250);
    const off = clock.onChange(tick);
    return () => {
      clearInterval(timer);
      off();
    };
  }, [clock, deadlineAt]);
  return seconds;
}
