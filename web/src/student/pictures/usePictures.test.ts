// @vitest-environment happy-dom
import type { Picture, SnapshotState } from '@oep/client/snapshots';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { consentOf, keepConsent } from './consent';
import type * as Shots from './shots';
import { usePictures } from './usePictures';

const report = vi.fn((_: object) => Promise.resolve());
const keep = vi.fn((_: Picture) => Promise.resolve());
let state: Partial<SnapshotState> = {};

vi.mock('../../api', () => ({ useRoom: () => ROOM, useReporter: () => REPORTER }));
vi.mock('./useSnapshots', () => ({ useSnapshots: () => ({ snapshots: SNAPSHOTS, state }) }));
vi.mock('./shots', async (original) => {
  const shots = await original<typeof Shots>();
  const shootOn: typeof Shots.shootOn = ({ shoot, take }) => {
    void shoot().then(take);
    return () => undefined;
  };
  return { ...shots, shootOn };
});
vi.mock('./eye', () => ({
  Eye: class {
    shoot = async () => ({ source: 'camera' });
    close = () => undefined;
  },
}));

const { ROOM, REPORTER, SNAPSHOTS } = vi.hoisted(() => ({
  ROOM: {},
  REPORTER: { report: (event: object) => report(event) },
  SNAPSHOTS: { keep: (picture: Picture) => keep(picture) },
}));

/** A camera's one track. */
class Track extends EventTarget {
  isStopped = false;
  stop(): void {
    this.isStopped = true;
  }
}

const getUserMedia = vi.fn<() => Promise<MediaStream>>();
let tracks: Track[] = [];

beforeEach(() => {
  sessionStorage.clear();
  state = { isOff: false };
  tracks = [];
  for (const each of [report, keep, getUserMedia])
    each.mockReset().mockResolvedValue(undefined as never);
  getUserMedia.mockImplementation(async () => {
    const track = new Track();
    tracks.push(track);
    return { getTracks: () => [track], getVideoTracks: () => [track] } as unknown as MediaStream;
  });
  Object.defineProperty(navigator, 'mediaDevices', { configurable: true, value: { getUserMedia } });
});
afterEach(cleanup);

const reported = () => report.mock.calls.map(([event]) => event);

test('without a word of the student’s the camera is not even asked for', async () => {
  const { result } = renderHook(() => usePictures(41));
  await act(async () => undefined);
  expect(getUserMedia).not.toHaveBeenCalled();
  expect(keep).not.toHaveBeenCalled();
  act(() => result.current.turnOn());
  await waitFor(() => expect(keep).toHaveBeenCalled());
  expect(consentOf(41)).toBe('given');
  expect(getUserMedia).toHaveBeenCalledTimes(1);
  expect(reported()).toEqual([{ event_type: 'camera_on', severity: 'info' }]);
});

test('what he said for one attempt is said for no other', async () => {
  keepConsent(41, 'given');
  renderHook(() => usePictures(42));
  await act(async () => undefined);
  expect(getUserMedia).not.toHaveBeenCalled();
});

test('who said no is not photographed, and the staff can read why', async () => {
  keepConsent(41, 'refused');
  renderHook(() => usePictures(41));
  await waitFor(() => expect(report).toHaveBeenCalled());
  expect(getUserMedia).not.toHaveBeenCalled();
  const event_data = { reason: 'declined' };
  expect(reported()).toEqual([{ event_type: 'camera_off', severity: 'info', event_data }]);
});

test('the camera goes off with the room: a pause, the submit and a sign-out leave it', async () => {
  keepConsent(41, 'given');
  const { unmount } = renderHook(() => usePictures(41));
  await waitFor(() => expect(keep).toHaveBeenCalled());
  expect(tracks.map(({ isStopped }) => isStopped)).toEqual([false]);
  unmount();
  expect(tracks.map(({ isStopped }) => isStopped)).toEqual([true]);
});

test('who agrees no longer is photographed no longer', async () => {
  keepConsent(41, 'given');
  const { result } = renderHook(() => usePictures(41));
  await waitFor(() => expect(keep).toHaveBeenCalled());
  act(() => result.current.refuse());
  expect(tracks.every(({ isStopped }) => isStopped)).toBe(true);
  expect(consentOf(41)).toBe('refused');
  await waitFor(() => expect(reported().at(-1)).toMatchObject({ event_type: 'camera_off' }));
});

test('a camera that is refused or lost is said with its reason and stops nothing', async () => {
  keepConsent(41, 'given');
  getUserMedia.mockRejectedValueOnce(new DOMException('', 'NotAllowedError'));
  const { result } = renderHook(() => usePictures(41));
  await waitFor(() => expect(result.current.camera).toEqual({ name: 'failed', why: 'denied' }));
  act(() => result.current.turnOn());
  await waitFor(() => expect(keep).toHaveBeenCalled());
  act(() => void tracks[0]?.dispatchEvent(new Event('ended')));
  const off = (reason: string) => {
    return { event_type: 'camera_off', severity: 'info', event_data: { reason } };
  };
  const on = { event_type: 'camera_on', severity: 'info' };
  await waitFor(() => expect(reported()).toEqual([off('denied'), on, off('none')]));
});

test('where no pictures are kept the camera does not stay on', async () => {
  keepConsent(41, 'given');
  const { rerender } = renderHook(() => usePictures(41));
  await waitFor(() => expect(keep).toHaveBeenCalled());
  state = { isOff: true };
  rerender();
  await waitFor(() => expect(tracks.every(({ isStopped }) => isStopped)).toBe(true));
});
