/** SHA-256 over bytes and over the canonical text of values, as the chain and the export need it. */

import { canonical, type Json } from './json';
import { toHex } from './values';

const UTF8 = new TextEncoder();

/** Returns the small hex digits of SHA-256 over some bytes and the canonical text of a value. */
export async function sha256(before: Uint8Array | null, value: Json): Promise<string> {
  return digest(before, canonical(value));
}

/** Returns the same of a text that is canonical already. */
export async function digest(before: Uint8Array | null, text: string): Promise<string> {
  const bytes = UTF8.encode(text);
  const whole = before ? joined(before, bytes) : bytes;
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', whole)));
}

function joined(before: Uint8Array, after: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(before.length + after.length);
  whole.set(before);
  whole.set(after, before.length);
  return whole;
}

const AT_ONCE = 250;

/** Calls `work` for each item, some at a time, in order of their places; says after each part how far it is. */
export async function inParts<T>(
  items: readonly T[],
  work: (item: T, place: number) => Promise<void>,
  progress: (done: number) => void,
): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const part = items.slice(start, start + AT_ONCE);
    const done = await Promise.allSettled(part.map((item, place) => work(item, start + place)));
    const failed = done.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    progress(start + part.length);
  }
}
