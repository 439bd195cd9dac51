import { useCallback, useEffect, useRef, useState } from 'react';
import { type Camera, failureOf } from './camera';

/** The camera of this computer; nothing is asked before `turnOn`. */
export interface CameraRun {
  camera: Camera;
  turnOn: () => void;
  turnOff: () => void;
}

const OFF: Camera = { name: 'off' };
const WANTED: MediaStreamConstraints = { video: { facingMode: 'user' }, audio: false };

/** Turns the camera on when asked to, and off at the latest when the page goes on. */
export function useCamera(): CameraRun {
  const [camera, setCamera] = useState<Camera>(OFF);
  const held = useRef<MediaStream>(undefined);
  const turn = useRef(0); // an answer that comes after the page went on, or was asked anew, is late

  const release = useCallback(() => {
    turn.current += 1;
    stop(held.current);
    held.current = undefined;
  }, []);
  useEffect(() => release, [release]);

  const turnOn = useCallback(async () => {
    release();
    const mine = turn.current;
    const tell = (next: Camera) => {
      if (turn.current === mine) setCamera(next);
    };
    if (!navigator.mediaDevices) return tell({ name: 'failed', why: 'insecure' });
    tell({ name: 'asking' });
    try {
      const stream = await navigator.mediaDevices.getUserMedia(WANTED);
      if (turn.current !== mine) return stop(stream);
      held.current = stream;
      // pulled out, or taken away in the browser's own menu
      const [track] = stream.getVideoTracks();
      track?.addEventListener('ended', () => tell({ name: 'failed', why: 'none' }));
      tell({ name: 'on', stream });
    } catch (error) {
      tell({ name: 'failed', why: failureOf(error) });
    }
  }, [release]);

  const turnOff = useCallback(() => {
    release();
    setCamera({ name: 'worked' });
  }, [release]);

  return { camera, turnOn, turnOff };
}

function stop(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
