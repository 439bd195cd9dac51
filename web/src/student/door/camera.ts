/** The camera in the check: what it is doing, and why it fails. Pure; `useCamera` asks the browser. */

/** `worked`: it was on and the student turned it off again. */
export type Camera =
  | { name: 'off' | 'asking' | 'worked' }
  | { name: 'on'; stream: MediaStream }
  | { name: 'failed'; why: CameraFailure };

/** What stands in the way; each has words of its own about what to do. */
export type CameraFailure = 'denied' | 'none' | 'busy' | 'insecure' | 'unknown';

/** The browsers' names for their refusals (Media Capture and Streams, section 10.2, and older ones). */
const FAILURES: Readonly<Record<string, CameraFailure>> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'none',
  DevicesNotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'busy',
  TrackStartError: 'busy',
  AbortError: 'busy',
};

export function failureOf(error: unknown): CameraFailure {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  return FAILURES[name] ?? 'unknown';
}

/**
 * True when the camera does not keep the student from beginning: it works, or he has tried and it does
 * not. One that fails is for the staff to judge, never for this page.
 */
export function hasTried({ name }: Camera): boolean {
  return name === 'on' || name === 'worked' || name === 'failed';
}
