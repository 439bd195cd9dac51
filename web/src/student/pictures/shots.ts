/**
 * One still picture after the other, from the call until the returned function is called. Pure but for
 * its timer; `eye` looks through the camera.
 */

import type { Picture } from '@oep/client/snapshots';

/**
 * Two a minute show who sits there, and are 120 an hour of the 1,500 that the platform keeps of an
 * attempt; more would show nothing else, and fill lines and disks.
 */
export const EVERY_MS = 30_000;
/** The first frames of many cameras are dark. */
export const FIRST_MS = 1_500;
/** A fifth earlier or later: thousands who began together do not send together. */
const CHANCE = 0.2;

export interface Shots {
  /** Takes one; rejects when the camera gives none just now. */
  shoot: () => Promise<Picture>;
  take: (picture: Picture) => void;
  random?: () => number;
}

/** Takes the first picture as soon as the camera is used to the light. */
export function shootOn({ shoot, take, random = Math.random }: Shots): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout>;
  const next = async () => {
    const picture = await shoot().catch(() => undefined); // the next one may succeed
    if (isOver) return;
    if (picture) take(picture);
    timer = setTimeout(next, EVERY_MS * (1 + CHANCE * (2 * random() - 1)));
  };
  timer = setTimeout(next, FIRST_MS);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** How a picture is made smaller, step by step, until the platform takes it. */
export interface Making {
  /** The longer side at most, in pixels. */
  readonly side: number;
  readonly quality: number;
}

const MAKINGS: readonly Making[] = [
  { side: 640, quality: 0.7 },
  { side: 640, quality: 0.4 },
  { side: 320, quality: 0.4 },
];

/** Returns the best making that has at most so many bytes. Rejects when there is none. */
export async function within(
  mostBytes: number,
  make: (making: Making) => Promise<Blob | null>,
): Promise<Blob> {
  for (const making of MAKINGS) {
    const made = await make(making);
    if (made && made.size > 0 && made.size <= mostBytes) return made;
  }
  throw new Error('no picture is small enough');
}

/** Returns a size with its longer side at most `most`; it never grows. */
export function fitted(width: number, height: number, most: number): [number, number] {
  const scale = Math.min(1, most / Math.max(width, height));
  return [Math.round(width * scale), Math.round(height * scale)];
}
