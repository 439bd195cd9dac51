// @vitest-environment happy-dom
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CameraRun, useCamera } from './useCamera';

/** A camera's one track, as far as the check looks at it. */
class Track extends EventTarget {
  isStopped = false;
  stop(): void {
    this.isStopped = true;
  }
}

const getUserMedia = vi.fn<() => Promise<MediaStream>>();
let track: Track;
const stream = () =>
  ({ getTracks: () => [track], getVideoTracks: () => [track] }) as unknown as MediaStream;

function devices(value: unknown): void {
  Object.defineProperty(navigator, 'mediaDevices', { configurable: true, value });
}

/** Presses the button; what comes of it is waited for. */
function turnOn({ current }: { current: CameraRun }): void {
  act(() => {
    current.turnOn();
  });
}

beforeEach(() => {
  track = new Track();
  getUserMedia.mockReset();
  devices({ getUserMedia });
});
afterEach(cleanup);

test('nothing is asked before the student wants it, and a refusal may be tried again', async () => {
  const { result } = renderHook(useCamera);
  expect(getUserMedia).not.toHaveBeenCalled();
  getUserMedia.mockRejectedValueOnce(new DOMException('', 'NotAllowedError'));
  turnOn(result);
  expect(result.current.camera.name).toBe('asking');
  await waitFor(() => expect(result.current.camera).toEqual({ name: 'failed', why: 'denied' }));
  getUserMedia.mockResolvedValueOnce(stream());
  turnOn(result);
  await waitFor(() => expect(result.current.camera.name).toBe('on'));
});

test('a camera that is pulled out is said to be gone', async () => {
  getUserMedia.mockResolvedValueOnce(stream());
  const { result } = renderHook(useCamera);
  turnOn(result);
  await waitFor(() => expect(result.current.camera.name).toBe('on'));
  act(() => {
    track.dispatchEvent(new Event('ended'));
  });
  expect(result.current.camera).toEqual({ name: 'failed', why: 'none' });
});

test('it goes off with the button, and with the page', async () => {
  getUserMedia.mockImplementation(async () => stream());
  const { result, unmount } = renderHook(useCamera);
  turnOn(result);
  await waitFor(() => expect(result.current.camera.name).toBe('on'));
  act(() => result.current.turnOff());
  expect([result.current.camera.name, track.isStopped]).toEqual(['worked', true]);
  track = new Track();
  turnOn(result);
  await waitFor(() => expect(result.current.camera.name).toBe('on'));
  unmount();
  expect(track.isStopped).toBe(true);
});

test('a camera that is allowed after the page went on is turned off at once', async () => {
  let allow: (stream: MediaStream) => void = () => undefined;
  getUserMedia.mockReturnValueOnce(new Promise((resolve) => (allow = resolve)));
  const { result, unmount } = renderHook(useCamera);
  turnOn(result);
  unmount();
  allow(stream());
  await waitFor(() => expect(track.isStopped).toBe(true));
});

test('where the page was not fetched safely there is no camera to ask for', () => {
  devices(undefined);
  const { result } = renderHook(useCamera);
  turnOn(result);
  expect(result.current.camera).toEqual({ name: 'failed', why: 'insecure' });
});
