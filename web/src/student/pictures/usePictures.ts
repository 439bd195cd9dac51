import { beforeOf, type Picture, type SnapshotState } from '@oep/client/snapshots';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useReporter, useRoom } from '../../api';
import type { Camera } from '../door/camera';
import { useCamera } from '../door/useCamera';
import { type Consent, consentOf, keepConsent } from './consent';
import { Eye } from './eye';
import { shootOn } from './shots';
import { useSnapshots } from './useSnapshots';

/** The camera in the exam room. */
export interface PicturesRun {
  consent: Consent | undefined;
  camera: Camera;
  /** How the pictures stand that were taken. */
  state: SnapshotState | undefined;
  /** The newest of this page. */
  last: Taken | undefined;
  /** The student agrees, or tries again. */
  turnOn: () => void;
  /** He agrees no longer. */
  refuse: () => void;
}

export interface Taken {
  picture: Picture;
  at: Date;
}

/**
 * Takes pictures while the exam room is open and its student agrees. The camera is off when the room
 * is left: by a pause, the submit, a sign-out. Whether it is on is reported; nothing follows from it here.
 */
export function usePictures(attemptId: number): PicturesRun {
  const room = useRoom();
  const before = useMemo(() => beforeOf(room), [room]);
  const { snapshots, state } = useSnapshots(attemptId, before);
  const { camera, turnOn, turnOff } = useCamera();
  const [consent, setConsent] = useState(() => consentOf(attemptId));
  const [last, setLast] = useState<Taken>();
  const mayLook = consent === 'given' && state?.isOff !== true;

  useEffect(() => {
    if (mayLook) turnOn();
    else turnOff();
  }, [mayLook, turnOn, turnOff]);

  const stream = mayLook && camera.name === 'on' ? camera.stream : undefined;
  useEffect(() => {
    if (!stream || !snapshots) return;
    const eye = new Eye(stream);
    const take = (picture: Picture) => {
      setLast({ picture, at: new Date() });
      void snapshots.keep(picture);
    };
    const stop = shootOn({ shoot: () => eye.shoot(), take });
    return () => {
      stop();
      eye.close();
    };
  }, [stream, snapshots]);

  useTelling(consent, camera);
  const say = useCallback(
    (next: Consent) => {
      keepConsent(attemptId, next);
      setConsent(next);
    },
    [attemptId],
  );
  const agree = useCallback(() => {
    if (consent === 'given') turnOn();
    else say('given');
  }, [consent, say, turnOn]);
  return { consent, camera, state, last, turnOn: agree, refuse: () => say('refused') };
}

/** Reports that the camera went on or off, and why: a fact of its own, beside the pictures. */
function useTelling(consent: Consent | undefined, camera: Camera): void {
  const reporter = useReporter();
  const said = useRef<string>(undefined);
  const fact = factOf(consent, camera);
  useEffect(() => {
    if (!fact || said.current === fact) return;
    said.current = fact;
    const event_type = fact === 'on' ? 'camera_on' : 'camera_off';
    const data = fact === 'on' ? {} : { event_data: { reason: fact } };
    reporter.report({ event_type, severity: 'info', ...data }).catch(() => undefined);
  }, [reporter, fact]);
}

function factOf(consent: Consent | undefined, camera: Camera): string | undefined {
  if (consent === 'refused') return 'declined';
  if (camera.name === 'failed') return camera.why;
  return camera.name === 'on' ? 'on' : undefined;
}
