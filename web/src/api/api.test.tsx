// @vitest-environment happy-dom
import {
  type AnswerView,
  createApi,
  LoginKeeper,
  type Room,
  ServerClock,
  type Unsubscribe,
} from '@oep/client';
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BASE, Platform, problem, TabStorage } from '../../packages/client/tests/stubs';
import { type Oep, OepProvider, useGet, useLogin } from '.';
import { getKey, retriesQuery } from './queries';
import { RoomProvider, useAnswer, useRoom } from './Room';

const openRoom = vi.hoisted(() => vi.fn());
vi.mock('@oep/client', async (original) => ({
  ...(await original<typeof import('@oep/client')>()),
  openRoom,
}));

let platform: Platform;
let oep: Oep;

beforeEach(() => {
  platform = new Platform();
  const login = new LoginKeeper({ base: BASE, storage: new TabStorage(), fetch: platform.fetch });
  const clock = new ServerClock();
  oep = { login, clock, api: createApi({ base: BASE, login, fetch: platform.fetch }) };
});
afterEach(async () => {
  cleanup();
  await oep.login.signOut();
  openRoom.mockReset();
});

const within = (page: React.ReactNode) => render(<OepProvider oep={oep}>{page}</OepProvider>);

function Name() {
  const { login, end } = useLogin();
  return <p>{login ? login.user.username : `nobody: ${end}`}</p>;
}

function Mine() {
  const { data, error } = useGet('/api/v1/attempts/me');
  return <p>{error ? `${error.name}: ${error.message}` : (data?.[0]?.status ?? 'asking')}</p>;
}

test('a page shows who is signed in, and that nobody is any more', async () => {
  within(<Name />);
  expect(screen.getByText('nobody: never')).toBeTruthy();
  await act(() => oep.login.signIn('anna', 'right'));
  expect(screen.getByText('anna')).toBeTruthy();
  await act(() => oep.login.signOut());
  expect(screen.getByText('nobody: signed_out')).toBeTruthy();
});

test('a query shows its answer, and a refusal in the words of the platform', async () => {
  await oep.login.signIn('anna', 'right');
  const { unmount } = within(<Mine />);
  expect(await screen.findByText('in_progress')).toBeTruthy();
  unmount();
  platform.instead = () => problem(403, 'Inactive user');
  within(<Mine />);
  expect(await screen.findByText('Refusal: Inactive user')).toBeTruthy();
});

test('what the client has repeated already, a query does not ask again', async () => {
  const { Refusal, SignedOut, Unreachable } = await import('@oep/client');
  const refusal = new Refusal({ status: 503, slug: '', detail: '' });
  expect(retriesQuery(0, refusal)).toBe(false);
  expect(retriesQuery(0, new SignedOut())).toBe(false);
  expect([0, 1, 2].map((failures) => retriesQuery(failures, new Unreachable('network')))).toEqual([
    true,
    true,
    false,
  ]);
});

test('what is asked is kept under its path and its parameters', () => {
  const params = { path: { attempt_id: 1 } };
  expect(getKey('/api/v1/attempts/{attempt_id}', { params })).toEqual([
    '/api/v1/attempts/{attempt_id}',
    params,
  ]);
  expect(getKey('/health')).toEqual(['/health']);
});

/** A room whose one part is a book of two answers. */
class StubRoom {
  readonly attemptId: number;
  isClosed = false;
  readonly #listeners = new Set<(id: number) => void>();
  readonly #views = new Map<number, AnswerView>();
  readonly answers = {
    get: (id: number) => this.#views.get(id) ?? this.#set(id, null),
    write: (id: number, value: string) => {
      this.#set(id, value);
      for (const listener of this.#listeners) listener(id);
    },
    flag: () => undefined,
    onChange: (listener: (id: number) => void): Unsubscribe => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };

  constructor(attemptId: number) {
    this.attemptId = attemptId;
  }

  close(): void {
    this.isClosed = true;
  }

  #set(questionId: number, value: string | null): AnswerView {
    const rest = { isFlagged: false, state: 'saving', savedAt: undefined, refusal: undefined };
    const view = { questionId, value, ...rest } as AnswerView;
    this.#views.set(questionId, view);
    return view;
  }
}

const rendered: number[] = [];

function Question({ id }: { id: number }) {
  rendered.push(id);
  return <p>{`${id}: ${useAnswer(id).value ?? 'nothing'}`}</p>;
}

function RoomNumber() {
  return <h1>{useRoom().attemptId}</h1>;
}

const roomOf = (attemptId: number) => (
  <OepProvider oep={oep}>
    <RoomProvider
      attemptId={attemptId}
      opening={<p>opening</p>}
      failed={(error, again) => (
        <button type="button" onClick={again}>
          {error.message}
        </button>
      )}
    >
      <RoomNumber />
      <Question id={1} />
      <Question id={2} />
    </RoomProvider>
  </OepProvider>
);

test('a room opens, and an answer that changes renders its question alone', async () => {
  const room = new StubRoom(41);
  openRoom.mockResolvedValue(room as unknown as Room);
  render(roomOf(41));
  expect(screen.getByText('opening')).toBeTruthy();
  expect(await screen.findByText('1: nothing')).toBeTruthy();
  rendered.length = 0;
  act(() => room.answers.write(2, 'Delhi'));
  expect(screen.getByText('2: Delhi')).toBeTruthy();
  expect(rendered).toEqual([2]);
});

test('another attempt is another room, and a page that leaves closes its own', async () => {
  const rooms = [new StubRoom(41), new StubRoom(42)];
  openRoom.mockImplementation(async ({ attemptId }) =>
    rooms.find((room) => room.attemptId === attemptId),
  );
  const { rerender, unmount } = render(roomOf(41));
  await screen.findByText('41');
  rerender(roomOf(42));
  await screen.findByText('42');
  expect(rooms.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  unmount();
  expect(rooms[1]?.isClosed).toBe(true);
});

test('a room that opens after its page has gone is closed', async () => {
  const room = new StubRoom(41);
  openRoom.mockResolvedValue(room as unknown as Room);
  const { unmount } = render(roomOf(41));
  unmount();
  await waitFor(() => expect(room.isClosed).toBe(true));
});

test('a room that cannot be opened says why, and may be tried again', async () => {
  openRoom.mockRejectedValueOnce(new Error('no storage'));
  openRoom.mockResolvedValueOnce(new StubRoom(41) as unknown as Room);
  render(roomOf(41));
  const again = await screen.findByText('no storage');
  act(() => again.click());
  expect(await screen.findByText('41')).toBeTruthy();
});
