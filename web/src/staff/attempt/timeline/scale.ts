/** Which part of an attempt's time is looked at, and how it is zoomed and moved. Instants in ms since 1970. */
export interface Scale {
  /** Begin and end of what is shown. */
  from: number;
  to: number;
  /** Begin and end of what there is; nothing beyond is ever shown. */
  min: number;
  max: number;
}

const CLOSEST = 10_000;

/** Returns the scale that shows all; what lasts a moment only gets some seconds around it. */
export function whole(first: number, last: number): Scale {
  const room = Math.max((last - first) * 0.02, CLOSEST / 2);
  const [min, max] = [first - room, last + room];
  return { from: min, to: max, min, max };
}

/** Zooms by a factor (below 1: closer) around an instant, which stays where it is. */
export function zoom(scale: Scale, factor: number, around = (scale.from + scale.to) / 2): Scale {
  const length = scale.to - scale.from;
  const most = scale.max - scale.min;
  const wanted = Math.min(Math.max(length * factor, Math.min(CLOSEST, most)), most);
  const share = (around - scale.from) / length;
  return held(scale, around - share * wanted, wanted);
}

/** Returns the instant to zoom in on: the middle one of those in sight, so that zooming leads to something. */
export function focusOf(scale: Scale, instants: readonly number[]): number | undefined {
  const seen = instants.filter((at) => at >= scale.from && at <= scale.to);
  return seen[seen.length >> 1];
}

/** Moves by a share of what is shown; positive = later. */
export function pan(scale: Scale, share: number): Scale {
  const length = scale.to - scale.from;
  return held(scale, scale.from + share * length, length);
}

/** Shows a span; a short one with some room around it. */
export function around(scale: Scale, first: number, last: number): Scale {
  const length = Math.min(Math.max((last - first) * 1.2, 60_000), scale.max - scale.min);
  return held(scale, (first + last) / 2 - length / 2, length);
}

/** Moves to the begin (0) or the end (1) of what there is. */
export function edge(scale: Scale, end: 0 | 1): Scale {
  const length = scale.to - scale.from;
  return held(scale, end === 0 ? scale.min : scale.max - length, length);
}

export function isWhole(scale: Scale): boolean {
  return scale.from <= scale.min && scale.to >= scale.max;
}

/** Returns the place of an instant, 0 = left edge, 1 = right edge; outside it lies beyond. */
export function placeOf(scale: Scale, at: number): number {
  return (at - scale.from) / (scale.to - scale.from);
}

export function instantAt(scale: Scale, place: number): number {
  return scale.from + place * (scale.to - scale.from);
}

function held(scale: Scale, from: number, length: number): Scale {
  const begin = Math.min(Math.max(from, scale.min), scale.max - length);
  return { ...scale, from: begin, to: begin + length };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 168].map((n) => n * HOUR),
];

/** Returns up to about `most` round instants in sight, for the axis. */
export function ticks(scale: Scale, most: number): number[] {
  const length = scale.to - scale.from;
  const step = STEPS.find((each) => length / each <= most) ?? length;
  const found: number[] = [];
  for (let at = Math.ceil(scale.from / step) * step; at <= scale.to; at += step) found.push(at);
  return found;
}
