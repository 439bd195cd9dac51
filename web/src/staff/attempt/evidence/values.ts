/** Takes values out of what a file says without believing that they are there. */

import { Flaw, type Place } from './finding';
import { Float, type Json, type JsonObject } from './json';

export function object(value: Json | undefined, place: Place = {}): JsonObject {
  if (isObject(value)) return value;
  throw new Flaw('shape', place);
}

export function list(value: Json | undefined, place: Place = {}): Json[] {
  if (Array.isArray(value)) return value;
  throw new Flaw('shape', place);
}

export function text(value: Json | undefined, place: Place = {}): string {
  if (typeof value === 'string') return value;
  throw new Flaw('shape', place);
}

export function whole(value: Json | undefined, place: Place = {}): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(value);
  throw new Flaw('shape', place);
}

/** Returns the value under a name that has to be there, null included. */
export function named(value: JsonObject, name: string, place: Place = {}): Json {
  const found = value[name];
  if (found === undefined) throw new Flaw('shape', place);
  return found;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    !(value instanceof Float)
  );
}

/** Returns the bytes of hex digits. */
export function fromHex(digits: string, place: Place = {}): Uint8Array<ArrayBuffer> {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) throw new Flaw('shape', place);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
